"""The page of alerts (提醒)."""
