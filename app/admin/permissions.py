"""Who may do what in the admin web: every permission, and the roles that have it."""

from app.i18n import N_

ROLE_WORDS = {
    "owner": N_("所有者"),
    "admin": N_("管理员"),
    "manager": N_("主管"),
    "auditor": N_("审计员"),
}
ROLE_TELLS = {
    "owner": N_("可以做一切，包括给别人角色"),
    "admin": N_("可以改欢迎语、客户和设置，不能给别人角色"),
    "manager": N_("可以看到和处理自己部门及下级部门的客户"),
    "auditor": N_("什么都能看到，什么都不能改"),
}
EVERYBODY = frozenset(ROLE_WORDS)

PERMISSIONS = {
    "overview": EVERYBODY,
    "see_operations": frozenset({"owner", "admin", "auditor"}),
    "see_customers": EVERYBODY,
    "work_customers": frozenset({"owner", "admin", "manager"}),
    "see_losses": EVERYBODY,
    "work_losses": frozenset({"owner", "admin", "manager"}),
    "own_sessions": EVERYBODY,
    "see_roles": frozenset({"owner", "admin", "auditor"}),
    "give_roles": frozenset({"owner"}),
    "see_welcomes": EVERYBODY,
    "edit_welcomes": frozenset({"owner", "admin"}),
    "see_settings": frozenset({"owner", "admin", "auditor"}),
    "edit_settings": frozenset({"owner", "admin"}),
    "see_audit": frozenset({"owner", "auditor"}),
    "run_operations": frozenset({"owner", "admin"}),
    "see_deliveries": EVERYBODY,
    "see_library": EVERYBODY,
    "edit_library": frozenset({"owner", "admin"}),
    "see_privacy": frozenset({"owner", "admin", "auditor"}),
    "export_person": frozenset({"owner", "admin"}),
    "erase_person": frozenset({"owner"}),
}


def may(role: str, permission: str) -> bool:
    """Tell whether a role has a permission. Raises: KeyError, there is no such permission."""
    return role in PERMISSIONS[permission]
