"""The page of alerts: what holds and where it comes from, changed at once, in words, on record."""

import re
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from app import clock
from app.alerting.actions import set_alerts
from app.alerting.queries import SETTINGS, find_alerts, read_standing, write_setting
from app.audit.models import AuditEntry
from app.config import Alerts
from app.members.models import Member
from app.runtime import Runtime
from tests.admin.conftest import SAME_SITE, Desk, Seat

PAGE = "/admin/alerts"


def now_holds(runtime: Runtime) -> Alerts:
    with runtime.db.read() as session:
        return find_alerts(session, runtime.config)


def is_set(runtime: Runtime) -> frozenset[str]:
    with runtime.db.read() as session:
        return read_standing(session, runtime.config).is_set


def filled(runtime: Runtime) -> MultiDict[str, str]:
    """Return the form as the page shows it now."""
    form: MultiDict[str, str] = MultiDict()
    with runtime.db.read() as session:
        alerts = find_alerts(session, runtime.config)
        for name in SETTINGS:
            text = write_setting(session, name, alerts)
            form[f"seen-{name}"] = text
            parts = {"admins": text.split(","), "quiet_hours": (text or "-").split("-")}
            form.setlist(name, [one for one in parts.get(name, [text]) if name != "admins" or one])
    return form


def save(desk: Desk, form: MultiDict[str, str], **changes: Any) -> TestResponse:
    """Send the form with some fields changed."""
    for name, value in changes.items():
        form.setlist(name, value if isinstance(value, list) else [value])
    form["csrf_token"] = desk.token()
    return desk.post(f"{PAGE}/save", form, SAME_SITE)


def put(runtime: Runtime, **typed: list[str]) -> None:
    """Have somebody else change something."""
    with runtime.db.write() as session:
        set_alerts(session, runtime.config, typed=typed, seen={})


def audited(runtime: Runtime) -> list[tuple[str, Any]]:
    with runtime.db.read() as session:
        rows = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [(row.action, row.detail) for row in rows if row.action.startswith("alerts_")]


def test_untouched_everything_comes_from_the_configuration_file(
    desk: Seat, runtime: Runtime
) -> None:
    page = desk("qianer", "owner").get(PAGE).text
    assert page.count("来自配置文件") == len(SETTINGS)
    assert "在这里设置" not in page
    assert now_holds(runtime) == runtime.config.alerts


def test_what_is_changed_holds_at_once_and_the_rest_stays_with_the_file(
    desk: Seat, runtime: Runtime
) -> None:
    owner = desk("qianer", "owner")
    answer = save(
        owner,
        filled(runtime),
        admins=["lisi", "zhaoyi"],
        mass_loss_above="3",
        quiet_hours=["22:00", "08:00"],
    )
    assert answer.status_code == 303
    alerts = now_holds(runtime)
    assert (alerts.admins, alerts.mass_loss_above) == (("lisi", "zhaoyi"), 3)
    assert alerts.quiet_hours == "22:00-08:00"
    assert is_set(runtime) == {"admins", "mass_loss_above", "quiet_hours"}
    page = owner.get(PAGE).text
    assert "已保存，现在就生效" in page
    assert page.count("在这里设置") == 3
    assert 'value="lisi" id="person-1" checked' in page


def test_one_goes_back_to_the_configuration_file(desk: Seat, runtime: Runtime) -> None:
    owner = desk("qianer", "owner")
    put(runtime, mass_loss_above=["3"], digest_above=["7"])
    assert "保存时恢复为配置文件的值：<bdi>10</bdi> 位" in owner.get(PAGE).text
    save(owner, filled(runtime), restore="mass_loss_above")
    assert now_holds(runtime).mass_loss_above == 10
    assert is_set(runtime) == {"digest_above"}


def test_none_at_all_can_be_set_past_a_file_that_says_some(runtime: Runtime) -> None:
    alerts = runtime.config.alerts.model_copy(
        update={"admins": ("LiSi",), "quiet_hours": "22:00-08:00", "daily_digest_at": "09:00"}
    )
    config = runtime.config.model_copy(update={"alerts": alerts})
    typed = {"admins": [], "quiet_hours": ["", ""], "daily_digest_at": [""]}
    with runtime.db.write() as session:
        set_alerts(session, config, typed=typed, seen={})
        now = find_alerts(session, config)
    assert (now.admins, now.quiet_hours, now.daily_digest_at) == ((), None, None)


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("grace_seconds", ["86401"], "请填 0 到 86400 之间的整数"),
        ("digest_above", ["0"], "请填 1 到 25 之间的整数"),
        ("mass_loss_above", ["十"], "请填 1 到 1000 之间的整数"),
        ("mass_loss_minutes", [""], "请填 1 到 1440 之间的整数"),
        ("mass_loss_minutes", ["9" * 60], "请填 1 到 1440 之间的整数"),
        ("quiet_hours", ["22:00", ""], "开始和结束都要填"),
        ("quiet_hours", ["08:00", "08:00"], "不能是同一时间"),
        ("quiet_hours", ["25:00", "08:00"], "请填几点几分"),
        ("daily_digest_at", ["9点"], "请填几点几分"),
        ("admins", ["lisi", "nobody-of-ours"], "有人已经离开"),
        ("admins", [f"m{number}" for number in range(51)], "最多选 50 位，现在选了 51 位"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field_and_stays_typed(
    desk: Seat, runtime: Runtime, name: str, typed: list[str], said: str
) -> None:
    owner = desk("qianer", "owner")
    other = "grace_seconds" if name != "grace_seconds" else "digest_above"
    page = save(owner, filled(runtime), **{name: typed, other: "7"})
    assert page.status_code == 422
    fault = re.search(rf'id="{name}-fault">([^<]*)<', page.text)
    assert fault
    assert said in fault[1]
    shown = [f'value="{one}"' for one in [*typed, "7"] if name != "admins"]
    assert all(text in page.text for text in shown)
    assert now_holds(runtime) == runtime.config.alerts


def test_what_somebody_else_changed_meanwhile_is_not_overwritten_unawares(
    desk: Seat, runtime: Runtime
) -> None:
    owner = desk("qianer", "owner")
    form = filled(runtime)
    put(runtime, mass_loss_above=["5"], grace_seconds=["40"])
    page = save(owner, form, mass_loss_above="3")
    assert page.status_code == 422
    assert "刚刚有人改过这一项" in page.text
    assert "现在是：<bdi>5</bdi> 位" in page.text
    # What he typed stays, what he did not touch is as it is now, and to save again is to know.
    assert re.search(r'name="mass_loss_above" value="3"', page.text)
    assert re.search(r'name="grace_seconds" value="40"', page.text)
    assert now_holds(runtime).mass_loss_above == 5
    assert save(owner, filled(runtime), mass_loss_above="3").status_code == 303
    assert (now_holds(runtime).mass_loss_above, now_holds(runtime).grace_seconds) == (3, 40)


def test_two_who_change_different_things_both_have_their_way(desk: Seat, runtime: Runtime) -> None:
    form = filled(runtime)
    put(runtime, grace_seconds=["40"])
    assert save(desk("qianer", "owner"), form, digest_above="7").status_code == 303
    assert (now_holds(runtime).grace_seconds, now_holds(runtime).digest_above) == (40, 7)


def test_each_change_is_on_record_with_before_and_after(desk: Seat, runtime: Runtime) -> None:
    owner = desk("qianer", "owner")
    save(owner, filled(runtime), admins=["lisi", "zhaoyi"], mass_loss_above="3")
    save(owner, filled(runtime), restore="mass_loss_above")
    save(owner, filled(runtime))
    assert audited(runtime) == [
        ("alerts_changed", {"setting": "admins", "before": "none", "after": "lisi,zhaoyi"}),
        ("alerts_changed", {"setting": "mass_loss_above", "before": "10", "after": "3"}),
        ("alerts_restored", {"setting": "mass_loss_above", "before": "3", "after": "10"}),
    ]
    log = owner.get("/admin/audit").text
    assert "修改提醒设置" in log
    assert re.search("多于多少位算集中流失.*之前.*10.*之后.*3", log)


def test_an_auditor_looks_and_changes_nothing(desk: Seat, runtime: Runtime) -> None:
    auditor = desk("lisi", "auditor")
    assert "来自配置文件" in auditor.get(PAGE).text
    assert "保存</button>" not in auditor.get(PAGE).text
    assert save(auditor, filled(runtime), digest_above="7").status_code == 403
    assert now_holds(runtime) == runtime.config.alerts


def test_in_a_large_company_members_are_named_besides_those_listed(
    desk: Seat, runtime: Runtime
) -> None:
    owner = desk("qianer", "owner")
    assert 'name="more"' not in owner.get(PAGE).text
    now = clock.utcnow()
    with runtime.db.write() as session:
        for number in range(600):
            name = f"员工{number:03}" if number > 1 else "周同名"
            userid = f"m{number}"
            session.add(
                Member(userid=userid, folded=userid, name=name, direct_leader=[], seen_at=now)
            )
    assert "这里只列出前 500 位" in owner.get(PAGE).text
    for text, said in (("王不在", "没有叫「王不在」的人"), ("周同名", "有 2 位叫「周同名」")):
        refused = save(owner, filled(runtime), more=text)
        assert refused.status_code == 422
        assert said in refused.text
        assert f'name="more" value="{text}"' in refused.text
    form = filled(runtime)
    assert save(owner, form, admins=["lisi"], more="员工599，M0").status_code == 303
    assert now_holds(runtime).admins == ("lisi", "m0", "m599")
    assert "已离开" not in owner.get(PAGE).text


def test_one_who_has_left_stays_chosen_until_he_is_taken_out_and_the_page_says_so(
    desk: Seat, runtime: Runtime
) -> None:
    owner = desk("qianer", "owner")
    save(owner, filled(runtime), admins=["lisi", "zhaoyi"])
    with runtime.db.write() as session:
        session.get_one(Member, "lisi").removed_at = clock.utcnow()
    assert "lisi · 已离开，收不到" in owner.get(PAGE).text
    assert save(owner, filled(runtime), admins=["lisi"]).status_code == 303
    assert save(owner, filled(runtime), admins=[]).status_code == 303
    assert save(owner, filled(runtime), admins=["lisi"]).status_code == 422
