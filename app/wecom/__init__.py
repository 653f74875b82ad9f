"""WeCom's server API, one module per chapter of its documentation. No database, no Flask.

Built on wechatpy's `work.WeChatClient`; what is overridden there says why.
"""
