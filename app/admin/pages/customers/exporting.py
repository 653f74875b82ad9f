"""Taking the chosen customers along as a table: what will be in it, and the file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.admin.pages.customers.asking import (
    FORMAT,
    TAKE,
    WHOLE,
    Asked,
    field_names,
    read_asked,
)
from app.admin.pages.customers.telling import tell_filters
from app.admin.pages.parts import Admin, Stream
from app.admin.reading import Times, choices
from app.audit.actions import record_audit
from app.customers.queries import (
    CustomerRow,
    Field,
    Value,
    count_customers,
    list_fields,
    list_values,
    mask_phone,
    mask_value,
    read_customers,
    read_mobiles,
    read_relations,
    word_consent,
    word_field,
    word_stage,
    word_value,
)
from app.i18n import N_, _
from app.runtime import Runtime
from app.sheets import stream_csv
from app.workbooks import MOST_ROWS, stream_xlsx

# What can stand in a table, fields besides. The names that an import knows again.
COLUMNS = {
    "name": N_("客户"),
    "remark": N_("备注"),
    "corp": N_("企业"),
    "member": N_("员工"),
    "userid": N_("员工账号"),
    "stage": N_("阶段"),
    "tags": N_("标签"),
    "added": N_("添加时间"),
    "state": N_("渠道"),
    "lost": N_("流失时间"),
    "noted": N_("最近跟进"),
    "others": N_("另有几位员工跟进"),
    "consent": N_("营销意愿"),
    "mobiles": N_("备注手机"),
    # As WeCom calls it, in every language.
    "external_userid": "external_userid",
}
ALWAYS = ("name", "remark", "external_userid")
CSV, XLSX = "csv", "xlsx"
TYPES = {
    CSV: "text/csv; charset=utf-8",
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# So many relations are read at once, with all that stands beside them.
PIECE = 500
MOST_EXPORTED = MOST_ROWS - 1
MAY_SEE_NUMBERS = "work_customers"


@dataclass(frozen=True)
class Table:
    """What is taken along. `whole`: nothing is masked."""

    columns: tuple[str, ...]
    fields: tuple[Field, ...]
    form: str
    whole: bool

    @property
    def header(self) -> list[str]:
        """The headings, in the reader's language."""
        return [
            *(_(COLUMNS[one]) for one in self.columns),
            *(word_field(f.name) for f in self.fields),
        ]


def load_export(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Say what the file can hold, and what is chosen of it."""
    asked = read_asked(runtime, session, admin)
    counted = count_customers(session, asked.wanted)
    table = _read_table(session, asked, admin, choices(runtime))
    fields = list_fields(session)
    taken = {*table.columns, *(field_names(one)[0] for one in table.fields)}
    shown = [(name, _(words)) for name, words in COLUMNS.items()]
    return {
        "total": counted.relations,
        "is_whole": counted.is_whole,
        "filters": tell_filters(session, asked),
        "hidden": list(asked.given.items(multi=True)),
        "columns": [(name, words, name in taken) for name, words in shown],
        "fields": [
            (name, word_field(one.name), name in taken)
            for one in fields
            for name in field_names(one)[:1]
        ],
        "has_numbers": admin.may(MAY_SEE_NUMBERS),
        "query": asked.query(runtime),
        "most": f"{MOST_EXPORTED:,}",
    }


def give_file(runtime: Runtime, session: Session, admin: Admin) -> Stream:
    """Give the file; that it was taken, by whom and how much of it, is on record before."""
    asked = read_asked(runtime, session, admin)
    table = _read_table(session, asked, admin, choices(runtime))
    detail: dict[str, int | str] = {
        "filter": "；".join(
            f"{name}：{value}" if value else name
            for name, value in tell_filters(session, asked, names_members=False)
        ),
        "columns": len(table.columns) + len(table.fields),
        "format": table.form,
        "numbers": "whole" if table.whole else "",
    }
    name = _("客户名单 {day}", day=f"{asked.now.now:%Y-%m-%d}")
    return Stream(
        f"{name}.{table.form}",
        TYPES[table.form],
        partial(_write, runtime, admin, asked, table, detail),
    )


def _write(
    runtime: Runtime,
    admin: Admin,
    asked: Asked,
    table: Table,
    detail: Mapping[str, int | str],
) -> Iterator[bytes]:
    with runtime.db.read() as session:
        # Counted first: what is on record must not depend on whether it arrived.
        count = sum(len(piece) for piece in _read_ids(session, asked))
        runtime.db.commit(
            partial(
                record_audit,
                userid=admin.userid,
                action="customers_exported",
                detail={"count": count, **detail},
                origin=admin.origin,
            )
        )
        write = stream_csv if table.form == CSV else stream_xlsx
        yield from write(table.header, _read_rows(session, asked, table))


def _read_ids(session: Session, asked: Asked) -> Iterator[list[int]]:
    left = MOST_EXPORTED
    for piece in read_relations(session, asked.wanted):
        ids = [id_ for id_, _external_userid in piece[:left]]
        for place in range(0, len(ids), PIECE):
            yield ids[place : place + PIECE]
        left -= len(ids)
        if left <= 0:
            return


def _read_rows(session: Session, asked: Asked, table: Table) -> Iterator[list[list[object]]]:
    for ids in _read_ids(session, asked):
        rows = read_customers(session, ids)
        people = {row.follow.external_userid for row in rows}
        values = list_values(session, people, table.fields)
        yield [_cells(session, row, table, values, asked.now) for row in rows]
        session.expunge_all()


def _read_table(session: Session, asked: Asked, admin: Admin, given: MultiDict[str, str]) -> Table:
    """Read which columns are wanted; none ticked: those that the list shows, and who it is."""
    ticked = given.getlist(TAKE)
    fields = tuple(one for one in list_fields(session) if field_names(one)[0] in ticked)
    usual = {*ALWAYS, *asked.columns}
    return Table(
        columns=tuple(name for name in COLUMNS if name in (ticked or usual)),
        fields=fields if ticked else asked.fields,
        form=XLSX if given.get(FORMAT) == XLSX else CSV,
        whole=bool(given.get(WHOLE)) and admin.may(MAY_SEE_NUMBERS),
    )


def _cells(
    session: Session,
    row: CustomerRow,
    table: Table,
    values: Mapping[tuple[str, int], Value],
    now: Times,
) -> list[object]:
    follow = row.follow
    # Opened only where they are taken along.
    numbers = read_mobiles(session, follow) if "mobiles" in table.columns else []
    shown: dict[str, object] = {
        "name": row.name,
        "remark": follow.remark,
        "corp": row.corp_name,
        "member": row.member,
        "userid": follow.userid,
        "stage": word_stage(row.stage) if row.stage else "",
        "tags": "、".join(tag for _group, tag in row.tags),
        "added": now.second(follow.added_at),
        "state": follow.state,
        "lost": now.second(follow.removed_at) if follow.removed_at else "",
        "noted": now.second(row.noted_at) if row.noted_at else "",
        "others": row.others,
        "consent": word_consent(row.consent),
        "mobiles": "、".join(numbers if table.whole else map(mask_phone, numbers)),
        "external_userid": follow.external_userid,
    }
    return [
        *(shown[name] for name in table.columns),
        *(_value(one, values.get((follow.external_userid, one.id)), table) for one in table.fields),
    ]


def _value(field: Field, value: Value | None, table: Table) -> object:
    """Return what stands in a field: a number as one, all else in words that an import reads."""
    if value is None:
        return ""
    if field.is_sealed and not table.whole:
        return mask_value(field, word_value(field, value))
    return word_value(field, value) if value.number is None else value.number
