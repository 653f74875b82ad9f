"""The WSGI application, for `flask` and for any WSGI server."""

from app.factory import create_app

app = create_app()
