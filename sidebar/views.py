"""The routes of the sidebar, and the one place where their policies are enforced."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Blueprint, Response, current_app, g, jsonify, render_template, request
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from app.access import access, policy_of
from app.i18n import speaking
from app.locks import is_busy
from app.log import Tally, get_logger
from app.members.sign_in import Exchanges
from app.runtime import Runtime
from app.turns import Turns
from app.wecom.errors import WeComError
from app.wecom.ticket import Tickets
from sidebar import auth, jssdk, pages
from sidebar.context import CardContext, Cards, GroupContext, Viewer
from sidebar.paces import Paces
from sidebar.panels import BOARDS, Action, File, Panel
from sidebar.problems import Problem, problem_of
from sidebar.session import Cookies

# Of the web's 64 threads: the others are for callbacks, whatever happens to the sidebar.
MOST_AT_ONCE = 24
MAX_BODY = 64 * 1024
Context = TypeVar("Context", CardContext, GroupContext)
Loaded = TypeVar("Loaded")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
STATIC = pages.FOLDER / "static"

bp = Blueprint("sidebar", __name__, url_prefix="/sidebar")
bp.jinja_loader = pages.make_loader()

log = get_logger(__name__)
refusals = Tally("sidebar_refused", every=10.0)


@dataclass(frozen=True)
class Door:
    """What the views need."""

    runtime: Runtime
    cookies: Cookies
    tickets: Tickets
    cards: Cards
    exchanges: Exchanges
    seats: Turns
    paces: Paces


def open_door(runtime: Runtime) -> Door:
    """Make the door of this deployment; nothing is called yet."""
    return Door(
        runtime=runtime,
        cookies=Cookies(runtime.config, runtime.sealer),
        tickets=Tickets(runtime.wecom),
        cards=Cards(runtime),
        exchanges=Exchanges(runtime),
        seats=Turns(MOST_AT_ONCE),
        paces=Paces(),
    )


@bp.before_request
def enforce_policy() -> Response | None:
    """Let nobody past whom the view's policy does not let; every view relies on this alone."""
    _speak()
    _take_seat()
    request.max_content_length = MAX_BODY
    policy = policy_of(current_app.view_functions[request.endpoint or ""])
    if policy == "public":
        return None
    signed_in = auth.find_signed_in(_door().runtime, _door().cookies, request)
    if signed_in is None:
        return _ask_to_sign_in()
    g.sidebar_session = signed_in.session
    g.sidebar_viewer = Viewer(signed_in.member.userid, signed_in.member.name)
    if request.method not in SAFE_METHODS:
        if not _door().cookies.has_csrf_token(request, signed_in.session):
            raise Problem("sign_in_expired", status=403)
        _keep_pace(signed_in.member.userid)
    if policy == "member-of-customer":
        g.sidebar_card = _found(_door().cards.find, "external_userid")
    elif policy == "member-of-group":
        g.sidebar_card = _found(_door().cards.find_group, "chat_id")
    return None


@bp.after_request
def add_headers(response: Response) -> Response:
    """Keep what is personal out of caches, and scripts of others out of the page."""
    response.headers["Content-Security-Policy"] = pages.CSP
    response.headers[pages.MARK] = "1"
    response.vary.update(("HX-Request", "Cookie"))
    return response


@bp.teardown_request
def clear_up(_error: BaseException | None) -> None:
    """Leave the seat, and end speaking the reader's language."""
    stack: ExitStack | None = g.pop("sidebar_stack", None)
    if stack is not None:
        stack.close()


@bp.get("")
@access("public")
def add_slash() -> Response:
    """Lead on without naming a scheme or host, which a proxy may have changed."""
    return auth.sent_to(auth.ROOT, 308)


@bp.get("/")
@access("member")
def show_frame() -> Response:
    """Answer with the frame, which asks WeCom's client for the customer."""
    return pages.render_frame(_door().runtime.config, pages.Frame(_csrf_token()))


@bp.get("/signed-in")
@access("public")
def signed_in() -> Response:
    """Take WeCom's answer to a sign-in."""
    door = _door()
    return auth.finish_sign_in(door.runtime, door.cookies, door.exchanges, request)


@bp.post("/jssdk/signatures")
@access("member")
def sign_address() -> Response:
    """Sign the address of the page that asks."""
    config = _door().runtime.config
    asked = _given_json()
    url = asked.get("url") if isinstance(asked, dict) else None
    if not jssdk.is_own_address(config.server.base_url, url):
        raise Problem("signature_refused", reason="address")
    return jsonify(jssdk.make_signatures(config, _door().tickets, str(url)))


@bp.get("/customers/<external_userid>/<panel>")
@access("member-of-customer")
def show_panel(external_userid: str, panel: str) -> Response:
    """Answer with a panel of a customer's card."""
    del external_userid  # the card has it, looked at
    return _show(panel)


@bp.get("/customers/<external_userid>/<panel>/<part>")
@access("member-of-customer")
def show_part(external_userid: str, panel: str, part: str) -> Response:
    """Answer with a part of a panel of a customer's card."""
    del external_userid  # the card has it, looked at
    return _show_part(panel, part)


@bp.post("/customers/<external_userid>/<panel>/<action>")
@access("member-of-customer")
def act(external_userid: str, panel: str, action: str) -> Response:
    """Run an action of a panel of a customer's card."""
    del external_userid  # the card has it, looked at
    return _act(panel, action)


@bp.get("/groups/<chat_id>/<panel>")
@access("member-of-group")
def show_group_panel(chat_id: str, panel: str) -> Response:
    """Answer with a panel of a group's card."""
    del chat_id  # the card has it, looked at
    return _show(panel)


@bp.get("/groups/<chat_id>/<panel>/<part>")
@access("member-of-group")
def show_group_part(chat_id: str, panel: str, part: str) -> Response:
    """Answer with a part of a panel of a group's card."""
    del chat_id  # the card has it, looked at
    return _show_part(panel, part)


@bp.post("/groups/<chat_id>/<panel>/<action>")
@access("member-of-group")
def act_in_group(chat_id: str, panel: str, action: str) -> Response:
    """Run an action of a panel of a group's card."""
    del chat_id  # the card has it, looked at
    return _act(panel, action)


@bp.errorhandler(Problem)
def tell_problem(problem: Problem) -> Response:
    """Answer with a problem in words; its id leads to the line in the log."""
    if problem.problem_id and not _may_write_line():
        problem.problem_id = ""
    if problem.problem_id:
        log.warning(
            "sidebar_problem",
            problem=problem.kind,
            problem_id=problem.problem_id,
            reason=problem.reason,
            errcode=problem.error.errcode if problem.error else None,
            userid=_userid(),
        )
    else:
        refusals.note(problem.reason or problem.kind)
    return pages.render_problem(_door().runtime.config, problem)


@bp.errorhandler(WeComError)
def tell_refusal(error: WeComError) -> Response:
    """Answer with what WeCom's refusal comes to."""
    return tell_problem(problem_of(error))


@bp.errorhandler(Exception)
def tell_error(error: Exception) -> Response:
    """Answer with an id for what nobody has foreseen, and write where it happened."""
    if isinstance(error, HTTPException):
        return tell_problem(_problem_of_http(error))
    if is_busy(error):
        return tell_problem(Problem("server_busy", reason=type(error).__name__))
    problem = Problem("server_error")
    if _may_write_line():
        log.error("sidebar_failed", problem_id=problem.problem_id, userid=_userid(), exc_info=error)
    else:
        problem.problem_id = ""
        refusals.note(problem.kind)
    return pages.render_problem(_door().runtime.config, problem)


@bp.app_errorhandler(HTTPException)
def tell_unrouted(error: HTTPException) -> Response | HTTPException:
    """Answer below /sidebar/ with a page of ours, also where no route leads to a view."""
    if not f"{request.path}/".startswith(auth.ROOT):
        return error
    with speaking(pages.language_of(request)):
        response = add_headers(tell_problem(_problem_of_http(error)))
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


def _door() -> Door:
    door: Door = current_app.extensions["banke_sidebar"]
    return door


def _speak() -> None:
    g.sidebar_stack = ExitStack()
    g.sidebar_stack.enter_context(speaking(pages.language_of(request)))


def _take_seat() -> None:
    if not _door().seats.take():
        raise Problem("server_busy", reason="seats")
    g.sidebar_stack.callback(_door().seats.give_back)


def _keep_pace(userid: str) -> None:
    """Have no member hold all seats, or write without end, by a script."""
    if not _door().paces.take(userid, (request.view_args or {}).get("action", "")):
        raise Problem("too_many", reason="changes")


def _may_write_line() -> bool:
    return _door().paces.take_line(is_member=_userid() is not None)


def _problem_of_http(error: HTTPException) -> Problem:
    if isinstance(error, NotFound):
        return Problem("no_such_page", reason="no such page")
    return Problem("not_accepted", reason=f"http {error.code}", status=error.code or 0)


def _given_json() -> Any:
    """Read the body; what is no JSON, or too deep to be read, is None."""
    try:
        return request.get_json(silent=True)
    except RecursionError:
        return None


def _ask_to_sign_in() -> Response:
    if request.method not in SAFE_METHODS or not pages.wants_page(request):
        raise Problem("sign_in_expired")
    if not auth.is_in_wecom(request):
        raise Problem("outside_wecom")
    return auth.begin_sign_in(_door().runtime.config, _door().cookies, request)


def _found(find: Callable[[Viewer, str], Context | None], place: str) -> Context:
    card = find(g.sidebar_viewer, str((request.view_args or {}).get(place, "")))
    if card is None:
        raise _not_his()
    return card


def _not_his(reason: str = "") -> Problem:
    """Say no, in the words for what the address is about: they do not tell whether it is there."""
    policy = policy_of(current_app.view_functions[request.endpoint or ""])
    return Problem("no_group" if policy == "member-of-group" else "no_permission", reason=reason)


def _card() -> Any:
    """Return the context that the policy has found: the panel's own kind."""
    return g.sidebar_card


def _csrf_token() -> str:
    return _door().cookies.csrf_token(g.sidebar_session)


def _userid() -> str | None:
    viewer: Viewer | None = g.get("sidebar_viewer")
    return viewer.userid if viewer else None


def _show(name: str) -> Response:
    panel = _panel(name)
    return _answer(panel, panel.template, _loaded(panel.load))


def _show_part(name: str, part: str) -> Response:
    """Answer with a part of a panel.

    At the address of an action it leads to the panel: somebody loads the page again that a form
    without JavaScript left.
    """
    panel = _panel(name)
    if part in panel.files:
        return _send_file(_loaded(panel.files[part]))
    if part in panel.parts:
        return _answer(panel, panel.parts[part].template, _loaded(panel.parts[part].load))
    _action(panel, part)
    return auth.sent_to(f"{_card().path}/{panel.name}", 303)


def _send_file(file: File | None) -> Response:
    """Answer with bytes, which the viewer's browser alone may keep for a day."""
    if file is None:
        raise _not_his("file")
    response = Response(file.data, content_type=file.content_type)
    response.headers["Cache-Control"] = "private, max-age=86400, immutable"
    return response


def _act(name: str, action: str) -> Response:
    """Run an action of a panel and answer with what is to be seen then."""
    panel = _panel(name)
    reply = _action(panel, action)(_door().runtime, _card(), request.form.to_dict())
    if pages.wants_page(request):
        # Without JavaScript the form was sent by the browser: it shows the whole panel again.
        response = _answer(panel, panel.template, _loaded(panel.load) | reply.values)
    else:
        response = _answer(panel, reply.template, reply.values)
    response.status_code = reply.status
    return response


def _kind() -> str:
    return "groups" if isinstance(_card(), GroupContext) else "customers"


def _panel(name: str) -> Panel[Any]:
    found = next((panel for panel in BOARDS[_kind()] if panel.name == name), None)
    if found is None:
        raise _not_his("panel")
    return found


def _loaded(load: Callable[[Session, Any], Loaded]) -> Loaded:
    with _door().runtime.db.read() as session:
        return load(session, _card())


def _action(panel: Panel[Any], name: str) -> Action[Any]:
    if name not in panel.actions:
        raise _not_his("action")
    return panel.actions[name]


def _answer(panel: Panel[Any], template: str, values: dict[str, Any]) -> Response:
    """Answer with a panel's template, and the frame around it where a page is wanted."""
    card, csrf_token = _card(), _csrf_token()
    content = render_template(template, card=card, panel=panel, csrf_token=csrf_token, **values)
    if not pages.wants_page(request):
        return Response(content)
    frame = pages.Frame(csrf_token, card.path, _kind(), panel.name)
    return pages.render_frame(_door().runtime.config, frame, content)
