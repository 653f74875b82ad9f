"""What members change here and WeCom has to be told (待同步的修改), and how the telling ended.

A row is written together with our own change, the call comes after: WeCom being away holds nobody
up and loses nothing. Knows ids, no other room; the lane `pushes` (`app.pushing`) does the calling.
"""
