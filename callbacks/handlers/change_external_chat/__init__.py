"""Customer groups (客户群): developer.work.weixin.qq.com/document/path/92130."""
