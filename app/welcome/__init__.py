"""Welcome scripts (欢迎语): choosing one, filling it, sending it within WeCom's 20 seconds.

WeCom: 客户联系 → 消息推送 → 发送新客户欢迎语. The `{{变量}}` in a text come from one fixed list and
are filled by plain substitution; no template language ever sees what an admin wrote.
"""
