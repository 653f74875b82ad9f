"""The page 同步."""
