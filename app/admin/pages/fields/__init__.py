"""The page 客户资料."""
