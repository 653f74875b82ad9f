"""Who may look after the whole in the admin web (管理后台): roles, sessions, login links.

Roles: owner (所有者), admin (管理员), manager (主管: his departments and below), auditor (审计员:
reads).
A session lies here and not in a cookie, so that it can be ended from elsewhere.
"""
