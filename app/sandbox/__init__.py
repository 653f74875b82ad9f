"""A small WeCom in a process of its own: it answers, calls back, keeps a ledger, moves its clock.

It plays the other side, so it shares no code with the product: it encrypts with wechatpy what the
product decrypts with its own code. `server.py` ties the parts together, `api/` answers
`/cgi-bin/…`, `people.py` is what people do, `delivery.py` sends callbacks, `ledger.py` remembers.
"""
