"""What this room holds about a customer."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.config import Config
from app.customers.models import (
    ConsentChange,
    Customer,
    CustomerStage,
    CustomField,
    Draft,
    FieldChange,
    FieldChoice,
    FieldValue,
    FollowChange,
    FollowMobile,
    FollowTag,
    FollowUp,
    FollowUser,
    MarketingConsent,
    Pipeline,
    Reminder,
    Stage,
    StageChange,
    TimelineEntry,
)
from app.customers.queries import (
    ENDINGS,
    Field,
    Value,
    word_add_way,
    word_consent,
    word_entry,
    word_field,
    word_pipeline,
    word_reason,
    word_stage,
    word_value,
    word_way,
)
from app.customers.queries.fields import field_of
from app.customers.queries.sealed import read_before, read_mobiles
from app.customers.queries.values import value_of
from app.i18n import N_, _
from app.money import word_amount
from app.personal import Holding, Reader, kept_for

GENDERS = {1: N_("男"), 2: N_("女")}
ORIGINS = {1: N_("微信"), 2: N_("企业微信")}
CHANGES = {
    "half": N_("客户添加了员工，员工还没有加回"),
    "add": N_("互相添加"),
    "seen": N_("在企业微信里看到已是好友"),
    **ENDINGS,
}
STATES = {"open": N_("还没有到期或处理"), "done": N_("已完成"), "cancelled": N_("已取消")}


def _his(table: Any) -> Callable[[str], ColumnElement[bool]]:
    return lambda external_userid: table.external_userid == external_userid


def _tags(external_userid: str) -> ColumnElement[bool]:
    return FollowTag.follow_id.in_(
        select(FollowUser.id).where(FollowUser.external_userid == external_userid)
    )


def _mobiles(external_userid: str) -> ColumnElement[bool]:
    return FollowMobile.follow_id.in_(
        select(FollowUser.id).where(FollowUser.external_userid == external_userid)
    )


def _choices(external_userid: str) -> ColumnElement[bool]:
    return FieldChoice.value_id.in_(
        select(FieldValue.id).where(FieldValue.external_userid == external_userid)
    )


def _who(reader: Reader, row: Any) -> str:
    return reader.member(row.userid)


def _of_follow(reader: Reader, row: FollowTag) -> str:
    follow = reader.session.get(FollowUser, row.follow_id)
    return reader.member(follow.userid) if follow else ""


def _load_fields(session: Session) -> dict[int, Field]:
    return {row.id: field_of(row) for row in session.scalars(select(CustomField))}


def _field(reader: Reader, field_id: int) -> Field:
    fields: dict[int, Field] = reader.once("fields", _load_fields)
    return fields[field_id]


def _field_name(reader: Reader, row: Any) -> str:
    return word_field(_field(reader, row.field_id).name)


def _field_value(reader: Reader, row: FieldValue) -> str:
    return word_value(_field(reader, row.field_id), value_of(reader.session, row))


def _field_before(reader: Reader, row: FieldChange) -> str:
    return word_value(_field(reader, row.field_id), Value.of_json(read_before(reader.session, row)))


def _choice_field(reader: Reader, row: FieldChoice) -> str:
    value = reader.session.get_one(FieldValue, row.value_id)
    return _field_name(reader, value)


def _choice_name(reader: Reader, row: FieldChoice) -> str:
    value = reader.session.get_one(FieldValue, row.value_id)
    return word_value(_field(reader, value.field_id), Value(chosen=(row.option,)))


def _load_stages(session: Session) -> dict[int, str]:
    return {row.id: word_stage(row.name) for row in session.scalars(select(Stage))}


def _stage(reader: Reader, stage_id: int | None) -> str:
    names: dict[int, str] = reader.once("stages", _load_stages)
    return names.get(stage_id or 0, "")


def _load_pipelines(session: Session) -> dict[int, str]:
    return {row.id: word_pipeline(row.name) for row in session.scalars(select(Pipeline))}


def _pipeline(reader: Reader, row: CustomerStage | StageChange) -> str:
    names: dict[int, str] = reader.once("pipelines", _load_pipelines)
    return names.get(row.pipeline_id, "")


def _amount(_reader: Reader, row: StageChange) -> str:
    return "" if row.amount is None else word_amount(Decimal(row.amount))


def _worded(words: dict[Any, str], name: str) -> Callable[[Reader, Any], str]:
    def say(_reader: Reader, row: Any) -> str:
        value = getattr(row, name)
        return _(words[value]) if value in words else str(value or "")

    return say


def _kept_notes(config: Config) -> str:
    kept = kept_for("note_days", N_("记录后 {days} 天；还有提醒的等提醒结束"))(config)
    removed = _("员工删除的，文字再保留 {days} 天", days=config.retention.removed_note_days)
    return _("{kept}；{removed}", kept=kept, removed=removed)


def _of_state(name: str) -> Callable[[Reader, Any], str]:
    return lambda _reader, row: word_consent(getattr(row, name))


# Whoever holds on to another goes before it.
HOLDINGS = (
    Holding(
        table=TimelineEntry,
        title=N_("动态"),
        purpose=N_("员工接手和复盘时，看得到和客户之间发生过什么"),
        find=_his(TimelineEntry),
        columns={
            N_("时间"): "at",
            N_("内容"): lambda _reader, row: word_entry(row),
            N_("员工"): _who,
        },
        kept=kept_for("timeline_days", N_("发生后 {days} 天")),
    ),
    Holding(
        table=Draft,
        title=N_("没有写完的跟进"),
        purpose=N_("员工换页面时不丢失写到一半的文字"),
        find=_his(Draft),
        columns={N_("保存时间"): "saved_at", N_("文字"): "text", N_("员工"): _who},
        kept=kept_for("draft_days", N_("最后一次保存后 {days} 天")),
    ),
    Holding(
        table=Reminder,
        title=N_("跟进提醒"),
        purpose=N_("到时间提醒员工联系客户"),
        find=_his(Reminder),
        columns={
            N_("提醒时间"): "due_at",
            N_("内容"): "text",
            N_("员工"): _who,
            N_("状态"): _worded(STATES, "state"),
            N_("设置时间"): "created_at",
            N_("结束时间"): "ended_at",
        },
        kept=kept_for("reminder_days", N_("完成或取消后 {days} 天")),
    ),
    Holding(
        table=FollowUp,
        title=N_("跟进记录"),
        purpose=N_("记下和客户谈了什么"),
        find=_his(FollowUp),
        columns={
            N_("时间"): "created_at",
            N_("文字"): "text",
            N_("员工"): _who,
            N_("修改时间"): "edited_at",
            N_("删除时间"): "removed_at",
        },
        kept=_kept_notes,
    ),
    Holding(
        table=FieldChoice,
        title=N_("资料项里选的内容"),
        purpose=N_("记下客户的情况，方便服务他"),
        find=_choices,
        columns={N_("资料项"): _choice_field, N_("内容"): _choice_name},
    ),
    Holding(
        table=FieldChange,
        title=N_("资料项的修改"),
        purpose=N_("改错了可以撤销，也查得到是谁改的"),
        find=_his(FieldChange),
        columns={
            N_("时间"): "changed_at",
            N_("资料项"): _field_name,
            N_("修改前"): _field_before,
            N_("员工"): _who,
        },
    ),
    Holding(
        table=FieldValue,
        title=N_("资料项"),
        purpose=N_("记下客户的情况，方便服务他"),
        find=_his(FieldValue),
        columns={
            N_("资料项"): _field_name,
            N_("内容"): _field_value,
            N_("员工"): _who,
            N_("修改时间"): "changed_at",
        },
    ),
    Holding(
        table=ConsentChange,
        title=N_("营销意愿的经过"),
        purpose=N_("证明客户什么时候、怎样同意或拒绝了营销"),
        find=_his(ConsentChange),
        columns={
            N_("时间"): "changed_at",
            N_("原来的意愿"): _of_state("from_state"),
            N_("新的意愿"): _of_state("to_state"),
            N_("怎样知道的"): lambda _reader, row: word_way(row.way),
            N_("说明"): "note",
            N_("是撤销"): lambda _reader, row: row.is_undo or None,
            N_("员工"): _who,
        },
    ),
    Holding(
        table=MarketingConsent,
        title=N_("营销意愿"),
        purpose=N_("只给同意的客户发营销内容"),
        find=_his(MarketingConsent),
        columns={N_("意愿"): _of_state("state"), N_("从什么时候起"): "changed_at"},
    ),
    Holding(
        table=StageChange,
        title=N_("阶段的修改"),
        purpose=N_("看得到客户是怎样走到现在这一步的"),
        find=_his(StageChange),
        columns={
            N_("时间"): "changed_at",
            N_("流程"): _pipeline,
            N_("原来的阶段"): lambda reader, row: _stage(reader, row.from_stage_id),
            N_("新的阶段"): lambda reader, row: _stage(reader, row.to_stage_id),
            N_("金额"): _amount,
            N_("原因"): lambda _reader, row: word_reason(row.reason),
            N_("说明"): "why",
            N_("员工"): _who,
        },
    ),
    Holding(
        table=CustomerStage,
        title=N_("当前阶段"),
        purpose=N_("知道客户走到了哪一步"),
        find=_his(CustomerStage),
        columns={
            N_("流程"): _pipeline,
            N_("阶段"): lambda reader, row: _stage(reader, row.stage_id),
            N_("开始时间"): "changed_at",
        },
    ),
    Holding(
        table=FollowTag,
        title=N_("标签"),
        purpose=N_("给客户分类；和企业微信里的标签一致"),
        find=_tags,
        columns={N_("标签组"): "group_name", N_("标签"): "tag_name", N_("员工"): _of_follow},
    ),
    Holding(
        table=FollowMobile,
        title=N_("备注手机号的查找标记"),
        purpose=N_("用完整号码找到客户；从标记看不出号码"),
        find=_mobiles,
        columns={N_("标记"): "digest"},
    ),
    Holding(
        table=FollowChange,
        title=N_("添加和删除的经过"),
        purpose=N_("事件乱序到达时，也能得出正确的跟进关系"),
        find=_his(FollowChange),
        columns={
            N_("时间"): "at",
            N_("经过"): _worded(CHANGES, "kind"),
            N_("员工"): _who,
            N_("渠道"): "state",
        },
    ),
    Holding(
        table=FollowUser,
        title=N_("跟进关系"),
        purpose=N_("知道谁在跟进客户，从什么时候开始"),
        find=_his(FollowUser),
        columns={
            N_("员工"): _who,
            N_("添加时间"): "added_at",
            N_("加回时间"): "mutual_at",
            N_("备注"): "remark",
            N_("描述"): "description",
            N_("备注手机号"): lambda reader, row: read_mobiles(reader.session, row),
            N_("添加方式"): lambda _reader, row: word_add_way(row.add_way),
            N_("渠道"): "state",
            N_("由谁添加"): lambda reader, row: reader.member(row.oper_userid),
            N_("结束时间"): "removed_at",
            N_("怎样结束"): _worded(dict(ENDINGS), "removed_by"),
            N_("员工也删除的时间"): "gave_up_at",
        },
    ),
    Holding(
        table=Customer,
        title=N_("客户"),
        purpose=N_("认出客户；内容来自企业微信"),
        find=_his(Customer),
        columns={
            N_("名字"): "name",
            "external_userid": "external_userid",
            N_("来自"): _worded(ORIGINS, "type"),
            N_("性别"): _worded(GENDERS, "gender"),
            N_("企业"): "corp_name",
            N_("职务"): "position",
            N_("头像"): "avatar",
            "unionid": "unionid",
            N_("第一次记下"): "created_at",
            N_("最近从企业微信读取"): "fetched_at",
        },
    ),
)
