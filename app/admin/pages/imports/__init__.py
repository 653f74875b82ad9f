"""The page 导入资料."""
