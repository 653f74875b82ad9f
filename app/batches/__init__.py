"""What an admin does to many customers at once (批量操作): tags, a stage, reminders."""
