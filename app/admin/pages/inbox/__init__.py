"""The page 回调收件箱."""
