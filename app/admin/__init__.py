"""The admin web (管理后台): pages for those who answer for the whole. A door; rooms do the work."""
