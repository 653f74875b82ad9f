"""What the columns of a table that is imported mean: guessed from their headings, or as said.

A column finds the customer (his id, his name or remark with whose customer he is, his number), or
says something of him: his stage, a note, a field. Pure.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.customers.queries import Field, word_field
from app.errors import Refused
from app.i18n import N_, _
from app.sheets import plain_cell
from app.words import clean

ID, NAME, MEMBER, PHONE, STAGE, NOTE = "id", "name", "member", "phone", "stage", "note"
CONSENT, WAY = "consent", "consent_way"
FINDERS = {
    ID: N_("找客户：external_userid"),
    NAME: N_("找客户：备注或名字"),
    MEMBER: N_("找客户：是谁的客户（员工）"),
    PHONE: N_("找客户：电话"),
}
SAYS = {
    STAGE: N_("阶段"),
    NOTE: N_("跟进记录"),
    CONSENT: N_("营销意愿"),
    WAY: N_("营销意愿：怎样知道的"),
}
# What a heading may be called, in small letters; those that a list taken along has are among them.
HEADINGS = {
    ID: ("external_userid", "外部联系人id", "客户id"),
    NAME: ("备注", "客户", "客户名称", "客户姓名", "姓名", "名字", "remark", "customer", "name"),
    MEMBER: ("员工账号", "员工", "成员", "跟进人", "负责人", "userid", "member", "member account"),
    PHONE: ("电话", "手机", "手机号", "手机号码", "联系电话", "phone", "mobile"),
    STAGE: ("阶段", "客户阶段", "stage"),
    NOTE: ("跟进", "跟进记录", "跟进内容", "note", "follow-up"),
    CONSENT: ("营销意愿", "营销同意", "marketing consent", "consent"),
    WAY: ("营销意愿来源", "怎样知道的", "consent source", "how it is known"),
}


@dataclass(frozen=True)
class Columns:
    """Which column means what: places from 0, and what each is called in the table."""

    headings: Sequence[str]
    finders: Mapping[str, int]
    stage: int | None
    note: int | None
    consent: int | None
    way: int | None
    fields: Mapping[int, int]

    def cell(self, cells: Sequence[str], place: int | None) -> str:
        """Return what stands in a column of a row; "" where there is none."""
        return "" if place is None or place >= len(cells) else cells[place].strip()

    def said(self, cells: Sequence[str]) -> list[str]:
        """Return what a row says of its customer."""
        return [self.cell(cells, one) for one in self._saying]

    @property
    def _saying(self) -> list[int | None]:
        return [self.stage, self.note, self.consent, self.way, *self.fields.values()]


def field_name(field: Field) -> str:
    """Return how a mapping names a field."""
    return f"f{field.id}"


def clean_headings(cells: Sequence[str]) -> list[str]:
    """Return what the columns are called, as they can be shown."""
    return [clean(plain_cell(cell)).strip().rstrip("*")[:64] for cell in cells]


def guess_mapping(headings: Sequence[str], fields: Sequence[Field]) -> dict[str, str]:
    """Guess what each column means, by its place; a meaning is given once, the first has it."""
    named = {name.casefold(): field_name(one) for one in fields for name in _names(one)}
    known = {name: meaning for meaning, names in HEADINGS.items() for name in names}
    found: dict[str, str] = {}
    for place, heading in enumerate(headings):
        name = heading.casefold()
        meaning = named.get(name) or known.get(name, "")
        if meaning and meaning not in found.values():
            found[str(place)] = meaning
    if ID in found.values():
        # Who is named by his id needs no other name.
        found = {place: one for place, one in found.items() if one not in {NAME, MEMBER, PHONE}}
    return found


def read_columns(
    headings: Sequence[str], mapping: Mapping[str, str], fields: Sequence[Field]
) -> Columns:
    """Make columns of a mapping, place to meaning.

    Raises:
        Refused: with it, nobody would be found, or nothing would be said; or one is there twice.
    """
    places = list(_places(headings, mapping, fields))
    meanings = [meaning for _place, meaning in places]
    for meaning in meanings:
        if meanings.count(meaning) > 1:
            names = [headings[place] for place, one in places if one == meaning]
            raise Refused(_("这几列对应了同一项，只能留一列：{names}", names=_("、").join(names)))
    by_meaning = {meaning: place for place, meaning in places}
    finders = {one: by_meaning[one] for one in FINDERS if one in by_meaning}
    if not finders.keys() & {ID, NAME, PHONE}:
        raise Refused(_("还不知道每一行是哪位客户：请至少选一列用来找客户"))
    told = {one.id: by_meaning[field_name(one)] for one in fields if field_name(one) in by_meaning}
    if not told and not by_meaning.keys() & SAYS.keys():
        raise Refused(_("还没有要导入的内容：请至少选一列资料、阶段或跟进记录"))
    return Columns(
        headings,
        finders,
        stage=by_meaning.get(STAGE),
        note=by_meaning.get(NOTE),
        consent=by_meaning.get(CONSENT),
        way=by_meaning.get(WAY),
        fields=told,
    )


def _places(
    headings: Sequence[str], mapping: Mapping[str, str], fields: Sequence[Field]
) -> Iterator[tuple[int, str]]:
    known = {*FINDERS, *SAYS, *map(field_name, fields)}
    for place in range(len(headings)):
        meaning = mapping.get(str(place), "")
        if meaning in known:
            yield place, meaning


def _names(field: Field) -> set[str]:
    return {field.name.strip(), word_field(field.name).strip(), field.key}
