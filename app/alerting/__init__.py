"""What holds for alerts (提醒): what an admin has set, and for the rest the configuration file.

Everybody asks `find_alerts`; nobody reads `config.alerts` past it.
"""
