"""The page 队列与额度."""
