"""Backup and restore (备份与恢复): the whole database as one file that any of the three can take.

The file is a ZIP: `manifest.json` and, for each table, its rows as lines of JSON. It is written
from one snapshot while everything runs, and read back into an empty database, be it of another
kind. What the backup left open may have been done since: `settling` sees to it that it is not done
a second time. Keys are not in the file; whoever restores brings the configuration with them.
"""
