"""Builds the web application: doors, security headers, health, metrics, commands."""

import os

from flask import Flask, Response
from werkzeug.middleware.proxy_fix import ProxyFix

from app import domain_file, health
from app.access import require_policies
from app.admin import showing as admin_pages
from app.admin import views as admin
from app.assets import register_assets
from app.cli import register_commands
from app.config import Config, load_config
from app.i18n import _
from app.runtime import build_runtime, set_up_process
from app.schema import require_schema
from callbacks import views as callbacks
from callbacks.routing import list_reactions
from sidebar import views as sidebar
from sidebar.bundles import BUNDLES

# WeCom gives up on a callback after five seconds; nobody gains from waiting for the lock longer.
WEB_LOCK_WAIT = 4.0
# What a door says of itself stays; what is no page of a door is to run nothing, nor be framed.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def create_app(config: Config | None = None) -> Flask:
    """Make the application: the commands alone under `flask`, everything for a WSGI server.

    A command sets up what it needs by itself; some need no configuration at all.

    Raises:
        ConfigError: the configuration, or the database's schema, is not fit for use.
    """
    # What we write (the database, the demo's secrets) is for nobody else on this machine.
    os.umask(0o077)
    app = Flask("banke", static_folder=None)
    register_commands(app)
    if config is None and os.environ.get("FLASK_RUN_FROM_CLI") == "true":
        return app
    config = config or load_config()
    set_up_process(config)
    _open_doors(app, config)
    require_policies(app)
    return app


def _open_doors(app: Flask, config: Config) -> None:
    runtime = build_runtime(config, lock_wait=WEB_LOCK_WAIT, commit_wait=WEB_LOCK_WAIT)
    require_schema(runtime.db)
    app.extensions["banke_runtime"] = runtime
    app.extensions["banke_door"] = callbacks.open_door(config, runtime.db, runtime.sealer)
    app.jinja_env.globals["_"] = _
    app.extensions["banke_sidebar"] = sidebar.open_door(runtime)
    app.extensions["banke_admin"] = admin.open_door(runtime)
    # Doors do not know each other; what one page shows of the other's is handed over here.
    app.extensions["banke_reactions"] = list_reactions()
    register_assets(
        app,
        {"sidebar": sidebar.STATIC, "admin": admin_pages.STATIC},
        BUNDLES | admin_pages.BUNDLES,
    )
    app.register_blueprint(callbacks.bp)
    app.register_blueprint(sidebar.bp)
    app.register_blueprint(admin.bp)
    app.register_blueprint(health.bp)
    app.register_blueprint(domain_file.bp)
    app.after_request(_add_headers)
    if config.server.proxies:
        # Where a request comes from is what the outermost of our own proxies says, and nobody else.
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # Flask's own way to wrap it
            app.wsgi_app, x_for=config.server.proxies, x_proto=0, x_host=0, x_prefix=0
        )


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response
