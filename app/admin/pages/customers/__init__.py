"""The page 客户."""
