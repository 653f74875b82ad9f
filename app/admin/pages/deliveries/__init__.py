"""The page 发送记录."""
