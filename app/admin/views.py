"""The routes of the admin web, and the one place where its permissions are enforced."""

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, current_app, g, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException, NotFound

from app.access import access, policy_of
from app.admin import showing
from app.admin.auth import CSRF_FIELD, ROOT, SIGN_IN, Gate, is_own_path, needs_to_prove, sent_to
from app.admin.pages import PAGES
from app.admin.pages.parts import (
    Action,
    Admin,
    Answer,
    Done,
    Form,
    Page,
    Part,
    Reply,
    Stream,
)
from app.admin.problems import Problem, problem_of
from app.admin.reading import CHOICES, seal_choices
from app.cookies import Jar
from app.i18n import speaking
from app.locks import is_busy
from app.log import Tally, get_logger
from app.runtime import Runtime
from app.turns import Pace, Turns
from app.wecom.errors import WeComError

# Of the web's threads: the others are for callbacks and the sidebar.
MOST_AT_ONCE = 12
# Long files, which outlive their seat: each holds a thread for as long as its reader is slow.
MOST_STREAMS = 3
MAX_BODY = 64 * 1024
UNFIT = 422
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
SAID_COOKIE, SAID_PURPOSE, SAID_SECONDS = "banke_admin_said", "admin.said", 60
PROVE = "/admin/prove"
# What every page takes: its filters. The form may name a part of the page to be led to.
CHOOSE, PART_FIELD = "choose", "part"

bp = Blueprint("admin", __name__, url_prefix="/admin")
bp.jinja_loader = showing.make_loader()

log = get_logger(__name__)
refusals = Tally("admin_refused", every=10.0)
LINES = Pace(rate=1.0, burst=50)


@dataclass(frozen=True)
class Door:
    """What the views need."""

    runtime: Runtime
    gate: Gate
    jar: Jar
    seats: Turns
    streams: Turns


def open_door(runtime: Runtime) -> Door:
    """Make the door of this deployment; nothing is called yet."""
    return Door(
        runtime, Gate(runtime), Jar(runtime.config), Turns(MOST_AT_ONCE), Turns(MOST_STREAMS)
    )


@bp.before_request
def enforce_policy() -> Response | None:
    """Let nobody past who is not signed in, and no change that no page of ours asks for."""
    g.admin_stack = ExitStack()
    language = request.accept_languages.best_match(["zh", "en"])
    g.admin_stack.enter_context(speaking(language))
    if not _door().seats.take():
        raise Problem("server_busy", reason="seats")
    g.admin_stack.callback(_door().seats.give_back)
    request.max_content_length = MAX_BODY
    g.admin = _door().gate.find_admin(request)
    is_public = policy_of(current_app.view_functions[request.endpoint or ""]) == "public"
    if request.method not in SAFE_METHODS:
        _door().gate.require_own_page(request, None if is_public else g.admin)
    if g.admin is None and not is_public:
        return sent_to(SIGN_IN, 303)
    return None


@bp.after_request
def add_headers(response: Response) -> Response:
    """Keep scripts of others out of the page, and the page out of others'."""
    response.headers["Content-Security-Policy"] = showing.CSP
    response.headers[showing.MARK] = "1"
    response.headers["X-Frame-Options"] = "DENY"
    # With none at all, browsers send forms of ours without our origin.
    response.headers["Referrer-Policy"] = "same-origin"
    response.vary.update(("HX-Request", "Cookie"))
    return response


@bp.teardown_request
def clear_up(_error: BaseException | None) -> None:
    """Leave the seat, and end speaking the reader's language."""
    stack: ExitStack | None = g.pop("admin_stack", None)
    if stack is not None:
        stack.close()


@bp.get("")
@access("public")
def add_slash() -> Response:
    """Lead on without naming a scheme or host, which a proxy may have changed."""
    return sent_to(ROOT, 308)


@bp.get("/")
@access("admin")
def show_first() -> Response:
    """Lead to the first page that he may see."""
    first = next(page for page in PAGES if _admin().may(page.permission))
    return sent_to(first.path, 303)


@bp.get("/sign-in")
@access("public")
def show_sign_in() -> Response:
    """Answer with the ways to sign in."""
    return _rendered("admin/sign_in.html")


@bp.get("/sign-in/wecom")
@access("public")
def begin_sign_in() -> Response:
    """Lead to WeCom, and afterwards to `?next=`."""
    wanted = request.args.get("next", "")
    return _door().gate.begin(request, wanted if is_own_path(wanted) else ROOT)


@bp.get("/signed-in")
@access("public")
def finish_sign_in() -> Response:
    """Take WeCom's answer."""
    return _door().gate.finish(request)


@bp.post("/sign-in/link")
@access("public")
def use_link() -> Response:
    """Sign in with a login link."""
    return _door().gate.use_link(request)


@bp.post("/sign-out")
@access("admin")
def sign_out() -> Response:
    """End this session."""
    return _door().gate.sign_out(_admin())


@bp.get("/prove")
@access("admin")
def show_prove() -> Response:
    """Ask him to sign in once more before he goes on to `?next=`."""
    wanted = request.args.get("next", "")
    return _rendered("admin/prove.html", next=wanted if is_own_path(wanted) else ROOT)


@bp.get("/<page>")
@access("admin")
def show_page(page: str) -> Response:
    """Answer with a page."""
    return _show(_permitted(page))


@bp.get("/<page>/<part>")
@access("admin")
def show_part(page: str, part: str) -> Response:
    """Answer with what lies below a page's address."""
    shown = _permitted(page)
    wanted = _permitted_part(shown, part)
    if wanted.needs_proof and needs_to_prove(_admin()):
        return sent_to(f"{PROVE}?next={quote(request.full_path)}", 303)
    return _show_part(shown, part)


@bp.post("/<page>/<action>")
@access("admin")
def act(page: str, action: str) -> Response:
    """Run an action of a page, and lead back to it when it did its work."""
    shown = _permitted(page)
    if action == CHOOSE:
        return _choose(shown)
    wanted = _permitted_action(shown, action)
    if wanted.needs_proof and needs_to_prove(_admin()):
        raise Problem("prove", reason="action")
    return _answered(shown, wanted.run(_door().runtime, _admin(), _form()))


@bp.errorhandler(Problem)
def tell_problem(problem: Problem) -> Response:
    """Answer with a problem in words; its id leads to the line in the log."""
    if problem.problem_id and LINES.take():
        log.warning(
            "admin_problem",
            problem=problem.kind,
            problem_id=problem.problem_id,
            reason=problem.reason,
        )
    else:
        problem.problem_id = ""
        refusals.note(problem.reason or problem.kind)
    return _sorry(problem)


@bp.errorhandler(WeComError)
def tell_refusal(error: WeComError) -> Response:
    """Answer with what WeCom's refusal comes to."""
    return tell_problem(problem_of(error))


@bp.errorhandler(Exception)
def tell_error(error: Exception) -> Response:
    """Answer with an id for what nobody has foreseen, and write where it happened."""
    if isinstance(error, HTTPException):
        kind = "no_such_page" if isinstance(error, NotFound) else "not_accepted"
        return tell_problem(Problem(kind, reason=f"http {error.code}", status=error.code or 0))
    if is_busy(error):
        return tell_problem(Problem("server_busy", reason="database"))
    problem = Problem("server_error")
    if LINES.take():
        log.error("admin_failed", problem_id=problem.problem_id, exc_info=error)
    else:
        problem.problem_id = ""
        refusals.note(problem.kind)
    return _sorry(problem)


def _door() -> Door:
    door: Door = current_app.extensions["banke_admin"]
    return door


def _admin() -> Admin:
    admin: Admin = g.admin
    return admin


def _permitted(name: str) -> Page:
    page = next((one for one in PAGES if one.name == name), None)
    if page is None:
        raise Problem("no_such_page", reason="page")
    if not _admin().may(page.permission):
        raise Problem("forbidden", reason=page.permission)
    return page


def _permitted_action(page: Page, name: str) -> Action:
    if name not in page.actions:
        raise Problem("no_such_page", reason="action")
    action = page.actions[name]
    if not _admin().may(action.permission):
        raise Problem("forbidden", reason=action.permission)
    return action


def _permitted_part(page: Page, name: str) -> Part:
    if name not in page.parts:
        raise Problem("no_such_page", reason="part")
    part = page.parts[name]
    if not _admin().may(part.permission):
        raise Problem("forbidden", reason=part.permission)
    return part


def _form() -> Form:
    form: Form = MultiDict(request.form)
    form.poplist(CSRF_FIELD)
    return form


def _choose(page: Page) -> Response:
    """Lead to the page, or the part that the form names, with what was chosen on it."""
    form = _form()
    part = "".join(form.poplist(PART_FIELD)[:1])
    path = f"{page.path}/{part}" if part in page.parts else page.path
    sealed = seal_choices(_door().runtime, form)
    if part in page.parts and not sealed and any(value for _name, value in form.items(multi=True)):
        # What is done with all who fit must not be done with everybody.
        raise Problem("not_accepted", reason="choices")
    return sent_to(f"{path}?{CHOICES}={sealed}" if sealed else path, 303)


def _answered(page: Page, answer: Answer) -> Response:
    if isinstance(answer, Reply) and showing.wants_fragment(request):
        response = _rendered(answer.template, page=page, **answer.values)
        response.status_code = answer.status
        return response
    if isinstance(answer, (Done, Reply)):
        at = answer.at
        response = sent_to(f"{page.path}/{at}" if at and at[0] != "?" else page.path + at, 303)
        _door().jar.write(
            response, SAID_COOKIE, answer.text, purpose=SAID_PURPOSE, seconds=SAID_SECONDS
        )
        return response
    response = (
        _show_part(page, answer.part, answer.values) if answer.part else _show(page, answer.values)
    )
    response.status_code = UNFIT
    return response


def _show(page: Page, more: dict[str, Any] | None = None) -> Response:
    with _door().runtime.db.read() as session:
        values = page.load(_door().runtime, session, _admin())
    return _shown(page, "page", values | (more or {}))


def _show_part(page: Page, name: str, more: dict[str, Any] | None = None) -> Response:
    with _door().runtime.db.read() as session:
        loaded = page.parts[name].load(_door().runtime, session, _admin())
    if isinstance(loaded, Stream):
        if not _door().streams.take():
            raise Problem("server_busy", reason="streams")
        return showing.give_stream(loaded, ended=_door().streams.give_back)
    if not isinstance(loaded, dict):
        return showing.give_file(loaded)
    return _shown(page, name, loaded | (more or {}))


def _shown(page: Page, template: str, values: dict[str, Any]) -> Response:
    """Answer with a template of a page; what was done before it is said once."""
    if showing.wants_fragment(request):
        return _rendered(f"pages/{page.name}/{template}.html", page=page, **values)
    said = _door().jar.read(request, SAID_COOKIE, purpose=SAID_PURPOSE, seconds=SAID_SECONDS)
    values = {"said": said or "", **values}
    response = _rendered(f"pages/{page.name}/{template}.html", page=page, **values)
    if said:
        _door().jar.delete(response, SAID_COOKIE)
    return response


def _sorry(problem: Problem) -> Response:
    return showing.render_problem(problem, _signed_in())


def _rendered(template: str, **values: Any) -> Response:
    return showing.render(template, _signed_in(), **values)


def _signed_in() -> showing.SignedIn | None:
    admin: Admin | None = g.get("admin")
    return showing.SignedIn(admin, _door().gate.csrf_token(admin)) if admin else None
