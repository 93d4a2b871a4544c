"""Short forms: what they stand for, and what is no short form."""

from __future__ import annotations

from textwrap import indent

import pytest

from karst.site.expand import MAX_VALUES, expand
from karst.site.problems import Problems
from karst.site.yaml import compose, find, plain


def expanded(text: str) -> tuple[object, list[str]]:
    """Expand what stands under a file's top key, on its second line; top keys are the model's own names."""
    value, problems = expanded_file("top:\n" + indent(text, "  "))
    return (value["top"] if isinstance(value, dict) else value), problems


def expanded_file(text: str) -> tuple[object, list[str]]:
    problems = Problems()
    written = compose(text.encode(), "f.yml", problems)
    assert written is not None
    root = expand(written, "f.yml", problems)
    return (plain(root) if root else None), [str(problem) for problem in problems.all()]


def sound(text: str) -> object:
    value, problems = expanded(text)
    assert problems == []
    return value


def test_a_key_stands_for_every_combination_in_order() -> None:
    value = sound("h[01-02]-r[1-2]: {hall: h$1, row: $2}\n")
    assert isinstance(value, dict)
    assert list(value) == ["h01-r1", "h01-r2", "h02-r1", "h02-r2"]
    assert value["h02-r1"] == {"hall": "h02", "row": 1}


def test_zeros_in_front_are_kept_in_names_and_not_in_numbers() -> None:
    assert sound("s[08-10]: {name: x$1, u: $1}\n") == {
        "s08": {"name": "x08", "u": 8},
        "s09": {"name": "x09", "u": 9},
        "s10": {"name": "x10", "u": 10},
    }


@pytest.mark.parametrize(
    ("expression", "at_3"),
    [("$1", 3), ("$1*2-1", 5), ("$1+10", 13), ("$1*2*2+1-2", 11), ("$1-5", -2), ("$1 + 1", "3 + 1"), ("u$1", "u3")],
)
def test_a_value_may_reckon(expression: str, at_3: object) -> None:
    assert sound(f"s[3]: {{u: {expression}}}\n") == {"s3": {"u": at_3}}


def test_lists_expand_in_place_and_mix() -> None:
    assert sound('halls: [a, "h[1-2,7]", "x[a,b]-$9"]\n') == {"halls": ["a", "h1", "h2", "h7", "xa-$9", "xb-$9"]}


def test_inner_brackets_count_on_from_the_outer_ones() -> None:
    assert sound("h[1-2]: {'r[5]': {a: $1-$2, b: $2}}\n") == {
        "h1": {"r5": {"a": "1-5", "b": 5}},
        "h2": {"r5": {"a": "2-5", "b": 5}},
    }


def test_text_with_brackets_is_text_and_so_is_a_dollar_outside_of_short_forms() -> None:
    text = {"title": "a [sic] text", "price": "$1"}
    assert sound("title: a [sic] text\nprice: $1\n") == text


def test_assumed_keeps_its_paths_as_written() -> None:
    text = 'assumed: {"h[1-2].u": why}\n'
    assert expanded_file(text) == ({"assumed": {"h[1-2].u": "why"}}, [])


def test_lines_are_those_of_the_short_form() -> None:
    problems = Problems()
    written = compose(b"rows:\n  h[1-2]:\n    u: $1\n", "f.yml", problems)
    assert written is not None
    root = expand(written, "f.yml", problems)
    assert root is not None
    assert find(root, ("rows", "h2")).line == 2
    assert find(root, ("rows", "h2", "u")).line == 3


def test_too_many_are_refused_before_they_fill_memory() -> None:
    value, (problem,) = expanded("a: 1\nh[1-999999999]: {}\n")
    assert value is None
    assert problem == f"f.yml:3: short forms stand for more than {MAX_VALUES} values; expected shorter ranges"
    assert expanded("h[1-99999]-[1-99999]: {}\n")[0] is None
    assert expanded("h[1-999]: {'r[1-999]': {a: 1}}\n")[0] is None


@pytest.mark.parametrize("bracket", ["[5-1]", "[]", "[,]", "[1-]", "[a-c]", "[1..5]"])
def test_what_is_no_range_is_told(bracket: str) -> None:
    _, problems = expanded(f'"h{bracket}": {{}}\n')
    assert len(problems) == 1
    assert "is no range" in problems[0]
