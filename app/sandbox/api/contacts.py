"""Members and departments, read side (dww/90196 ff.), with the fields that apps get since 2022."""

from app.sandbox.errors import Refused
from app.sandbox.world import Department, Member

from .call import Answer, Call, Endpoint

ROOT = 1


def user_get(call: Call) -> Answer:
    """Return one member."""
    return _full(call.member(call.query.get("userid")))


def user_list(call: Call) -> Answer:
    """Return the members of a department; with fetch_child those below it too."""
    return {"userlist": [_full(member) for member in _members_of(call)]}


def user_simplelist(call: Call) -> Answer:
    """Return the members of a department, in short."""
    rows = [
        {"userid": m.userid, "name": m.name, "department": m.department} for m in _members_of(call)
    ]
    return {"userlist": rows}


def department_list(call: Call) -> Answer:
    """Return a department (default: the root) and all below it."""
    return {"department": [_department(d) for d in _tree(call)]}


def department_simplelist(call: Call) -> Answer:
    """Return the ids of a department and all below it."""
    rows = [{"id": d.id, "parentid": d.parentid, "order": d.order} for d in _tree(call)]
    return {"department_id": rows}


def department_get(call: Call) -> Answer:
    """Return one department."""
    return {"department": _department(_tree(call)[0])}


def _tree(call: Call, name: str = "id") -> list[Department]:
    text = call.query.get(name, str(ROOT))
    tree = call.world.department_tree(int(text)) if text.isdigit() else []
    if not tree:
        raise Refused(60003)
    return tree


def _members_of(call: Call) -> list[Member]:
    if not call.query.get("department_id"):
        raise Refused(40058, "department_id missing")
    tree = _tree(call, "department_id")
    wanted = {d.id for d in (tree if call.query.get("fetch_child") == "1" else tree[:1])}
    members = call.world.members.values()
    return [m for m in members if wanted & set(m.department) and call.app.sees(m.userid)]


def _full(member: Member) -> Answer:
    return {
        "userid": member.userid,
        "name": member.name,
        "department": list(member.department),
        "order": [0] * len(member.department),
        "position": member.position,
        "is_leader_in_dept": [int(d in member.leader_of) for d in member.department],
        "direct_leader": list(member.direct_leader),
        "telephone": "",
        "alias": member.alias,
        "status": member.status,
        "main_department": member.department[0],
        "extattr": {"attrs": []},
    }


def _department(department: Department) -> Answer:
    return {
        "id": department.id,
        "name": department.name,
        "name_en": "",
        "department_leader": list(department.leaders),
        "parentid": department.parentid,
        "order": department.order,
    }


ENDPOINTS = {
    "user/get": Endpoint(user_get),
    "user/list": Endpoint(user_list),
    "user/simplelist": Endpoint(user_simplelist),
    "department/list": Endpoint(department_list),
    "department/simplelist": Endpoint(department_simplelist),
    "department/get": Endpoint(department_get),
}
