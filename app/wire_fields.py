"""Fields of messages as WeCom takes them: what somebody wrote into them, checked in words. Pure.

Which fields there are is for the room to say that sends them. WeCom's limits count bytes.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from app.i18n import _
from app.texts import MAX_BYTES, VARIABLES, braces_match, find_unknown_variables, size


@dataclass(frozen=True)
class Field:
    """One field. `takes_variables`: a text with variables, of at most `texts.MAX_BYTES`.

    `advice`: what is said, an N_(…) text, when it does not match the `pattern`.
    """

    word: str
    max_bytes: int = MAX_BYTES
    required: bool = True
    pattern: re.Pattern[str] | None = None
    advice: str = ""
    is_url: bool = False
    takes_variables: bool = False


@dataclass(frozen=True)
class Form:
    """One msgtype: its fields, and the kind of the material that it carries or may carry."""

    word: str
    fields: Mapping[str, Field]
    material: str | None = None
    instead_of_material: str | None = None


def find_faults(
    forms: Mapping[str, Form],
    msgtype: str,
    fields: Mapping[str, str],
    *,
    material_id: int | None,
    kinds: Mapping[int, str],
) -> Iterator[tuple[str, str]]:
    """Say everything that is wrong with one message, each with its field, "" for all of it.

    `kinds` tells of what kind each material is; one that is not in it is not there.
    """
    form = forms.get(msgtype)
    if form is None:
        known = _("、").join(forms)
        yield "", _("类型「{name}」不能用，可用的有：{known}", name=msgtype, known=known)
        return
    for key in fields:
        if key not in form.fields:
            yield key, _("{type}没有「{key}」这一项", type=_(form.word), key=key)
    for key, field in form.fields.items():
        yield from ((key, fault) for fault in _find_field_faults(fields.get(key, ""), field))
    if material_id is not None:
        found = _find_material_faults(forms, form, kinds.get(material_id))
        yield from (("", fault) for fault in found)
    elif form.material and not fields.get(form.instead_of_material or ""):
        yield "", _("{type}没有选择素材", type=_(form.word))


def find_text_faults(text: str, words: str) -> Iterator[str]:
    """Say what is wrong with a text with variables; `words` names it."""
    if size(text) > MAX_BYTES:
        yield _(
            "{words}有 {size} 字节，最多 {most} 字节（一个汉字 3 字节）",
            words=words,
            size=size(text),
            most=MAX_BYTES,
        )
    known = _("、").join(VARIABLES)
    for name in find_unknown_variables(text):
        yield _(
            "{words}里的变量「{name}」不存在，可用的有：{known}",
            words=words,
            name=name,
            known=known,
        )
    if not braces_match(text):
        yield _("{words}里的双花括号没有配对，变量要写成「{{{{客户昵称}}}}」这样", words=words)


def one_kind_of_line_end(text: str) -> str:
    """Write a text in the one way in which it is compared and kept."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").strip()


def _find_field_faults(value: str, field: Field) -> Iterator[str]:
    word = _(field.word)
    if not value:
        if field.required:
            yield _("缺少{word}", word=word)
        return
    if field.takes_variables:
        yield from find_text_faults(value, word)
    elif size(value) > field.max_bytes:
        yield _(
            "{word}有 {size} 字节，最多 {most} 字节",
            word=word,
            size=size(value),
            most=field.max_bytes,
        )
    if field.is_url and not _is_web_address(value):
        yield _("{word}要以 https:// 或 http:// 开头", word=word)
    if field.pattern is not None and not field.pattern.fullmatch(value):
        yield _(field.advice) if field.advice else _("{word}的格式不对", word=word)


def _is_web_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return (
        parts.scheme in {"http", "https"} and bool(parts.hostname) and not re.search(r"\s", value)
    )


def _find_material_faults(forms: Mapping[str, Form], form: Form, kind: str | None) -> Iterator[str]:
    if form.material is None:
        yield _("{type}不带素材", type=_(form.word))
    elif kind is None:
        yield _("素材已不存在")
    elif kind != form.material:
        yield _("{type}的素材要是{kind}", type=_(form.word), kind=_(forms[form.material].word))
