"""The page 体检."""
