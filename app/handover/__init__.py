"""Members who leave, and their customers, who wait for somebody to take over (待交接).

WeCom chapter: developer.work.weixin.qq.com/document/path/92124. Who is told, and who stands in for
him until then; the handing over itself (客户继承) is to come.
"""
