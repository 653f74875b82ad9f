"""The page 流失."""
