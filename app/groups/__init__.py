"""Customer groups (客户群): who is in them, who joined and who left.

WeCom: 客户联系 → 客户群. An event names the change only roughly, so the group is read again and the
difference recorded; where WeCom is slow to show it, the event's own list of members counts.
"""
