"""A text is filled in one pass; no value is read again, no template language sees it, it fits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.texts import (
    MAX_BYTES,
    VARIABLES,
    braces_match,
    build_text,
    find_unknown_variables,
    find_variables,
    size,
)
from app.words import clean

# What template languages and formatters would act on.
HOSTILE = (
    "{{7*7}}",
    "{{ config }}",
    "{{''.__class__.__mro__[1].__subclasses__()}}",
    "{{客户昵称}}",
    "{{ 员工姓名 }}",
    "{{{{客户昵称}}}}",
    "{% for x in range(9) %}x{% endfor %}",
    "{%25 include '/etc/passwd' %25}",
    "{# a comment #}",
    "${7*7}",
    "#{7*7}",
    "<%= 7*7 %>",
    "@(7*7)",
    "{0}",
    "{0.__class__}",
    "{客户昵称}",
    "{name!r:>10}",
    "%(客户昵称)s",
    "%s%s%s%n",
    "$客户昵称",
    "\\1\\g<0>\\g<1>",
    "{{request.application.__globals__}}",
    "{{cycler.__init__.__globals__.os.popen('id').read()}}",
    "{{ self._TemplateReference__context }}",
    "{php}echo 1;{/php}",
    "[[${7*7}]]",
    "<script>alert(1)</script>",
)


@pytest.mark.parametrize("value", HOSTILE)
def test_a_customers_name_stands_there_literally(value: str) -> None:
    text = build_text(
        "您好，{{客户昵称}}！我是{{员工姓名}}", {"客户昵称": value, "员工姓名": "赵一"}
    )
    assert text == f"您好，{value}！我是赵一"


@pytest.mark.parametrize("template", [one for one in HOSTILE if "客户" not in one])
def test_what_an_admin_writes_is_not_executed(template: str) -> None:
    assert build_text(template, dict.fromkeys(VARIABLES, "值")) in {
        template,
        template.replace("{{ 员工姓名 }}", "值"),
    }


@given(value=st.text(), rest=st.text(alphabet="您好{}% $\n"))
def test_nothing_but_the_place_of_a_variable_changes(value: str, rest: str) -> None:
    text = build_text(f"{rest}|{{{{渠道}}}}", {"渠道": value})
    if len(rest) < 500:
        assert text.startswith(f"{rest}|")


@given(text=st.text(alphabet=st.characters(codec="utf-8"), max_size=50), times=st.integers(1, 600))
def test_a_text_never_outgrows_4000_bytes_nor_breaks_a_character(text: str, times: int) -> None:
    built = build_text("{{客户昵称}}" * times, {"客户昵称": text})
    assert size(built) <= MAX_BYTES
    assert (clean(text) * times).startswith(built)
    if size(clean(text)) * times > MAX_BYTES:
        assert size(built) > MAX_BYTES - 4


def test_control_characters_and_direction_marks_are_taken_out_of_values() -> None:
    assert clean("王\u202e女\x00\r\n士\u2028\ud800👩\u200d👧") == "王女士👩\u200d👧"


def test_line_ends_that_the_admin_wrote_stay() -> None:
    assert build_text("您好\n{{渠道}}", {"渠道": "a\nb"}) == "您好\nab"


def test_variables_are_found_with_spaces_around_them() -> None:
    assert find_variables("{{ 客户昵称 }}{{部门}}{{x}}") == {"客户昵称", "部门"}


def test_unknown_variables_are_named() -> None:
    assert find_unknown_variables("{{客户昵称}}{{姓名}}{{ 7*7 }}{{}}") == ["姓名", "7*7", ""]


@pytest.mark.parametrize("text", ["{{客户昵称}", "{客户昵称}}", "{{{{客户昵称}}}}", "{{a{{b}}"])
def test_braces_without_a_pair_are_noticed(text: str) -> None:
    assert not braces_match(text)


@pytest.mark.parametrize("text", ["", "{客户昵称}", "{{客户昵称}}", "a { b } c"])
def test_single_braces_are_no_matter(text: str) -> None:
    assert braces_match(text)
