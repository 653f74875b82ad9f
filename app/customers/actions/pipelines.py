"""Pipelines (阶段流程) from a TOML file, which says what there is: all is taken over, or none.

[[pipeline]]                  # the first is the default and stands on top
key = "default"               # what this file calls it by; another name under it renames it
name = "客户阶段"

[[pipeline.stage]]
key = "won"
name = "成交"
asks = "amount"               # or "reason": what may be added to a change; left out, only words
color = "green"               # one of STAGE_COLORS; left out, it stays as it is
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app import clock
from app.customers.actions.names import NAME_LENGTH
from app.customers.errors import PipelinesRefused
from app.customers.models import CustomerStage, Pipeline, Stage
from app.customers.queries.pipelines import ASKS_WORDS, STAGE_COLORS
from app.customers.queries.stages import PIPELINES, STAGES
from app.db import fit
from app.i18n import _
from app.words import clean

KEY = re.compile(r"[a-z0-9_-]{1,32}")
PIPELINE_KEYS, STAGE_KEYS = ("key", "name", "stage"), ("key", "name", "asks", "color")

Row = Pipeline | Stage
T = TypeVar("T", Pipeline, Stage)


@dataclass(frozen=True, kw_only=True)
class ImportedPipelines:
    """What became of the file. `changes`: in words, one a line; none if all stood so already."""

    pipelines: int
    stages: int
    changes: tuple[str, ...]


def import_pipelines(session: Session, toml_text: str) -> ImportedPipelines:
    """Make the pipelines and stages be those of the file. The same file again changes nothing.

    What is not in it is removed, but not a stage in which customers stand. What was removed once
    comes back when it is in it again.

    Raises:
        PipelinesRefused: with every fault and its place. Whoever holds the session must roll back.
    """
    reading = _Reading()
    drafts = reading.drafts(toml_text)
    if reading.faults:
        raise PipelinesRefused(reading.faults)
    writing = _Writing(session)
    writing.write(drafts)
    if writing.faults:
        raise PipelinesRefused(writing.faults)
    stages = sum(len(draft.stages) for draft in drafts)
    return ImportedPipelines(pipelines=len(drafts), stages=stages, changes=tuple(writing.changes))


@dataclass(frozen=True, kw_only=True)
class _StageDraft:
    key: str
    name: str
    asks: str
    color: str | None


@dataclass(frozen=True, kw_only=True)
class _PipelineDraft:
    key: str
    name: str
    stages: tuple[_StageDraft, ...]


Draft = _PipelineDraft | _StageDraft


@dataclass
class _Reading:
    """Reads the file's tree, gathering faults instead of stopping at the first."""

    faults: list[str] = field(default_factory=list)
    place: str = ""

    def drafts(self, toml_text: str) -> list[_PipelineDraft]:
        try:
            tree = tomllib.loads(toml_text)
        except (ValueError, RecursionError) as error:
            self._fault(_("文件不是正确的 TOML：{error}", error=error))
            return []
        self._only_known_keys(tree, ("pipeline",))
        tables = self._tables(tree.get("pipeline"), "[[pipeline]]", most=PIPELINES)
        drafts = [self._pipeline(n, table) for n, table in enumerate(tables, 1)]
        self.place = ""
        self._only_once(drafts)
        return drafts

    def _pipeline(self, n: int, table: Mapping[str, Any]) -> _PipelineDraft:
        place = self.place = _("第 {n} 条流程", n=n)
        self._only_known_keys(table, PIPELINE_KEYS)
        key, name = self._key(table), self._name(table)
        rows = self._tables(table.get("stage"), "[[pipeline.stage]]", most=STAGES)
        stages = []
        for number, row in enumerate(rows, 1):
            self.place = _("{place}的第 {n} 个阶段", place=place, n=number)
            stages.append(self._stage(row))
        self.place = place
        self._only_once(stages)
        return _PipelineDraft(key=key, name=name, stages=tuple(stages))

    def _stage(self, table: Mapping[str, Any]) -> _StageDraft:
        self._only_known_keys(table, STAGE_KEYS)
        asks = table.get("asks", "")
        if not isinstance(asks, str) or asks not in ASKS_WORDS:
            self._fault(_('asks 只能是 "amount"（金额）或 "reason"（原因）'))
            asks = ""
        color = table.get("color")
        if color is not None and (not isinstance(color, str) or color not in {"", *STAGE_COLORS}):
            self._fault(_("color 只能是 {known}", known=_("、").join(STAGE_COLORS)))
            color = None
        return _StageDraft(key=self._key(table), name=self._name(table), asks=asks, color=color)

    def _key(self, table: Mapping[str, Any]) -> str:
        key = table.get("key")
        if isinstance(key, str) and KEY.fullmatch(key):
            return key
        self._fault(_("key 要写成 1 到 32 个小写字母、数字、下划线或连字符"))
        return ""

    def _name(self, table: Mapping[str, Any]) -> str:
        name = table.get("name")
        name = clean(name).strip() if isinstance(name, str) else ""
        if not name or len(name) > NAME_LENGTH:
            self._fault(_("name 要写成 1 到 {most} 个字", most=NAME_LENGTH))
            return ""
        return name

    def _tables(self, value: object, heading: str, *, most: int) -> list[Mapping[str, Any]]:
        if not isinstance(value, list) or not value or not all(isinstance(v, dict) for v in value):
            self._fault(_("至少要有一个 {heading}", heading=heading))
            return []
        if len(value) > most:
            self._fault(_("{heading} 最多 {most} 个", heading=heading, most=most))
            return []
        return value

    def _only_known_keys(self, table: Mapping[str, Any], known: tuple[str, ...]) -> None:
        for key in table:
            if key not in known:
                told = _("、").join(known)
                self._fault(_("没有「{key}」这一项，可用的有：{known}", key=key, known=told))

    def _only_once(self, drafts: Sequence[Draft]) -> None:
        for word in ("key", "name"):
            for value in _twice(getattr(draft, word) for draft in drafts):
                self._fault(_("{word}「{value}」出现了多次", word=word, value=value))

    def _fault(self, fault: str) -> None:
        self.faults.append(f"{self.place}：{fault}" if self.place else fault)


def _twice(values: Iterable[str]) -> list[str]:
    given = [value for value in values if value]
    return [value for value in dict.fromkeys(given) if given.count(value) > 1]


class _Writing:
    """Brings the tables into line with the drafts, and notes what that changed."""

    def __init__(self, session: Session) -> None:
        self.faults: list[str] = []
        self.changes: list[str] = []
        self._session = session
        self._old_names: dict[Row, str] = {}

    def write(self, drafts: Sequence[_PipelineDraft]) -> None:
        known = self._session.scalars(select(Pipeline).with_for_update()).all()
        kept = self._matched(drafts, known)
        for gone in _left_over(known, kept):
            self._remove_pipeline(gone)
        for position, (draft, found) in enumerate(zip(drafts, kept, strict=True)):
            pipeline = found or self._added(Pipeline(), draft, "")
            self._take_over(pipeline, draft, position, "")
            self._session.flush()
            self._write_stages(pipeline, draft)

    def _write_stages(self, pipeline: Pipeline, draft: _PipelineDraft) -> None:
        known = self._stages_of(pipeline)
        kept = self._matched(draft.stages, known)
        for gone in _left_over(known, kept):
            self._remove_stage(gone, draft.name)
        for position, (wanted, found) in enumerate(zip(draft.stages, kept, strict=True)):
            new = Stage(pipeline_id=pipeline.id, color="", moves_to_id=None)
            stage = found or self._added(new, wanted, draft.name)
            self._take_over(stage, wanted, position, draft.name)
            if found is not None and stage.asks != wanted.asks:
                self._note(draft.name, _("「{name}」改了可补充的内容", name=wanted.name))
            if found is not None and wanted.color not in {None, stage.color}:
                self._note(draft.name, _("「{name}」改了颜色", name=wanted.name))
            stage.asks = wanted.asks
            stage.color = stage.color if wanted.color is None else wanted.color
        self._session.flush()

    def _matched(self, drafts: Sequence[Draft], known: Sequence[T]) -> list[T | None]:
        """Find the row of each draft: by its key, else by its name.

        Names are given up at once: two rows may be about to take each other's.
        """
        by_key, names = {row.key: row for row in known}, {row.name: row for row in known}
        kept: list[T | None] = [by_key.get(draft.key) for draft in drafts]
        for n, draft in enumerate(drafts):
            named = names.get(draft.name)
            if kept[n] is None and named not in kept:
                kept[n] = named
        wanted = {draft.name for draft in drafts}
        for row in known:
            if row in kept or row.name in wanted:
                self._old_names[row] = row.name
                row.name = f"~{row.id}"
        self._session.flush()
        for row in _left_over(known, kept, also_gone=True):
            if (old := self._old_names.get(row)) is not None:
                row.name = fit(old, NAME_LENGTH - 12) + row.name
        return kept

    def _added(self, row: T, draft: Draft, place: str) -> T:
        self._session.add(row)
        self._old_names[row] = draft.name
        self._note(place, _("新增「{name}」", name=draft.name))
        return row

    def _take_over(self, row: Row, draft: Draft, position: int, place: str) -> None:
        old = self._old_names[row]
        if old != draft.name:
            self._note(place, _("「{old}」改名为「{name}」", old=old, name=draft.name))
        if not _is_in_use(row):
            self._note(place, _("恢复「{name}」", name=draft.name))
        elif row.position not in {None, position}:
            self._note(place, _("「{name}」排到第 {n} 位", name=draft.name, n=position + 1))
        row.key, row.name, row.position, row.removed_at = draft.key, draft.name, position, None
        if isinstance(row, Stage):
            # Who has been moved out of it already stays where he is.
            row.moves_to_id, row.moves_by, row.moves_total = None, "", 0

    def _remove_pipeline(self, pipeline: Pipeline) -> None:
        for stage in self._stages_of(pipeline):
            if stage.is_open:
                self._refuse_occupied(stage, pipeline.name)
        pipeline.removed_at = clock.utcnow()
        self._note("", _("去掉「{name}」", name=pipeline.name))

    def _remove_stage(self, stage: Stage, place: str) -> None:
        self._refuse_occupied(stage, place)
        stage.removed_at = clock.utcnow()
        self._note(place, _("去掉「{name}」", name=stage.name))

    def _refuse_occupied(self, stage: Stage, place: str) -> None:
        count = self._session.scalar(
            select(func.count())
            .select_from(CustomerStage)
            .join(Stage, Stage.id == CustomerStage.stage_id)
            # Those who are on their way here count, too.
            .where(or_(Stage.id == stage.id, Stage.moves_to_id == stage.id))
        )
        if count:
            self.faults.append(
                _(
                    "「{pipeline}」的「{stage}」里还有 {count} 位客户，不能去掉。"
                    "先把他们移到别的阶段，或者在文件里留着它（key = {key}）。",
                    pipeline=place,
                    stage=stage.name,
                    count=count,
                    key=stage.key,
                )
            )

    def _stages_of(self, pipeline: Pipeline) -> Sequence[Stage]:
        return self._session.scalars(
            select(Stage).where(Stage.pipeline_id == pipeline.id).with_for_update()
        ).all()

    def _note(self, place: str, change: str) -> None:
        self.changes.append(f"{place}：{change}" if place else change)


def _left_over(known: Sequence[T], kept: Sequence[T | None], *, also_gone: bool = False) -> list[T]:
    return [row for row in known if row not in kept and (also_gone or _is_in_use(row))]


def _is_in_use(row: Row) -> bool:
    return row.is_open if isinstance(row, Stage) else row.removed_at is None
