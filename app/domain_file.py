"""WW_verify_….txt at the root: how WeCom checks that a trusted domain (可信域名) is ours."""

from flask import Blueprint, Response, abort, current_app

from app.access import access

bp = Blueprint("domain_file", __name__)


@bp.get("/WW_verify_<word>.txt")
@access("public")
def domain_file(word: str) -> Response:
    """Answer with what `server.domain_files` says this file holds."""
    files = current_app.extensions["banke_runtime"].config.server.domain_files
    text = files.get(f"WW_verify_{word}.txt")
    if text is None:
        abort(404)
    return Response(text, mimetype="text/plain")
