"""Members and departments (通讯录): developer.work.weixin.qq.com/document/path/90970.

WeCom sends these to the sync assistant (通讯录同步助手) and not to an ordinary app; whoever
connects that receiver too hears of changes sooner than the hourly pull does.
"""
