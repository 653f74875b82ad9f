"""The page 待交接."""
