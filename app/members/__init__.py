"""Members (成员), departments (部门), and who manages whom.

WeCom: 通讯录管理. A member is spelt `userid`; WeCom compares userids without regard to case, and so
do we, while the spelling it gave is kept.
"""
