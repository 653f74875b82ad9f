"""The page 成员与角色."""
