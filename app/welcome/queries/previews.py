"""What a script looks like to people: its places, its attachments, and what the customer sees."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock, texts
from app.i18n import N_, _
from app.materials.models import Material
from app.materials.queries import usable
from app.members.models import Department
from app.welcome.queries.scripts import Attachment, Draft, Rule, ScriptRow
from app.welcome.queries.windows import word_windows

TYPE_WORDS = {
    "image": N_("图片"),
    "link": N_("链接"),
    "miniprogram": N_("小程序"),
    "video": N_("视频"),
    "file": N_("文件"),
}
# Invented people, for the variables of a preview.
SAMPLES = {
    texts.CUSTOMER_NAME: N_("王女士"),
    texts.CUSTOMER_REMARK: N_("王女士"),
    texts.MEMBER_NAME: N_("赵一"),
    texts.MEMBER_ALIAS: N_("小赵"),
    texts.DEPARTMENT: N_("南山门店"),
    texts.CORP_NAME: N_("示例企业"),
    texts.CHANNEL: N_("门店海报"),
}


@dataclass(frozen=True)
class Preview:
    """What the customer sees, line by line, and how many things cannot be sent at this moment."""

    lines: tuple[str, ...]
    faults: int


def preview(session: Session, row: ScriptRow, *, zone: ZoneInfo) -> Preview:
    """Show what a customer would see now, and what remains when the files cannot be sent."""
    draft = row.draft
    text = build_sample(draft.content, zone)
    states = [word_state(session, attachment) for attachment in draft.attachments]
    faults = sum(1 for _words, usable_now in states if not usable_now)
    lines = [_("「{name}」第 {number} 版", name=row.name, number=row.number)]
    lines += [f"  │ {line}" for line in text.splitlines()]
    for n, (attachment, (words, _usable)) in enumerate(
        zip(draft.attachments, states, strict=True), 1
    ):
        what = word_attachment(session, attachment)
        lines.append(_("  附件 {n}：{what}（{state}）", n=n, what=what, state=words))
    if draft.attachments:
        lines.append(_("  附件发不出时，客户看到：{rest}", rest=_rest(text)))
    if draft.returning != "same":
        lines.append(_("  重新添加的客户看到：{words}", words=word_returning(draft)))
    return Preview(lines=tuple(lines), faults=faults)


def build_sample(template: str, zone: ZoneInfo, customer: str = "") -> str:
    """Fill a text with invented people; `customer` names the one who is greeted."""
    samples = {name: _(word) for name, word in SAMPLES.items()}
    if customer:
        samples |= {texts.CUSTOMER_NAME: customer, texts.CUSTOMER_REMARK: customer}
    samples[texts.ADDED_AT] = f"{clock.utcnow().astimezone(zone):%Y-%m-%d %H:%M}"
    return texts.build_text(template, samples)


def word_rules(session: Session, rules: Sequence[Rule]) -> str:
    """Say where a script holds."""
    return _("；").join(_word_rule(session, rule) for rule in rules) or _("没有写，不会用到")


def word_returning(draft: Draft) -> str:
    """Say what a customer gets who comes back."""
    return {
        "same": _("同样的内容"),
        "none": _("不发送"),
    }.get(draft.returning, draft.returning_content)


def word_attachment(session: Session, attachment: Attachment) -> str:
    """Say what an attachment is, in a few words."""
    return " ".join([_(TYPE_WORDS[attachment.msgtype]), *_names(session, attachment)])


def word_state(session: Session, attachment: Attachment) -> tuple[str, bool]:
    """Say whether an attachment can be sent now."""
    if attachment.material_id is None:
        return _("可以发送"), True
    material = session.get(Material, attachment.material_id)
    if material is None:
        return _("素材已不存在"), False
    if usable(material.media_id, material.media_expires_at):
        return _("可以发送"), True
    if material.upload_error:
        return _("还没有上传：{why}", why=material.upload_error), False
    return _("还没有上传到企业微信"), False


def _names(session: Session, attachment: Attachment) -> Iterator[str]:
    if title := attachment.fields.get("title"):
        yield f"「{title}」"
    if attachment.material_id is not None:
        material = session.get(Material, attachment.material_id)
        if material is not None:
            yield material.filename
    for key in ("url", "pic_url", "page"):
        if key in attachment.fields:
            yield attachment.fields[key]


def _word_rule(session: Session, rule: Rule) -> str:
    words = {
        "state": _("渠道 {target}", target=rule.target),
        "member": _("员工 {target}", target=rule.target),
        "default": _("默认"),
    }.get(rule.scope) or _word_department(session, rule.target)
    when = word_windows(rule.windows)
    return f"{words}（{when}）" if when else words


def _word_department(session: Session, target: str) -> str:
    name = session.scalar(select(Department.name).where(Department.id == int(target)))
    return _("部门「{name}」", name=name) if name else _("部门 {target}", target=target)


def _rest(text: str) -> str:
    return _("只有上面的文字") if text else _("什么也没有（这条脚本没有文字）")
