"""The page 操作日志."""
