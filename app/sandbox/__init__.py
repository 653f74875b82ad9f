"""A small WeCom in a process of its own: it answers, calls back, keeps a ledger, moves its clock.

It plays the other side, so it shares no code with the product: it encrypts with wechatpy what the
product decrypts with its own code. `server.py` ties the parts together, `api/` answers
`/cgi-bin/…`, `people.py` is what people do, `delivery.py` sends callbacks, `ledger.py` remembers.
For its pages (`pages/`) `conversations.py` keeps what chats show, `js_bridge.py` answers the SDK,
`named_faults.py` has the buttons that break things, `pages_api.py` tells it all as JSON.
"""
