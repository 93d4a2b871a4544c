"""YAML 1.2 core scalars with their lines, and what is refused."""

from __future__ import annotations

import pytest

from karst.site.problems import Problems
from karst.site.yaml import MAX_BYTES, MAX_DEPTH, Node, compose, find, plain


def read(text: str | bytes) -> tuple[Node | None, list[str]]:
    problems = Problems()
    node = compose(text if isinstance(text, bytes) else text.encode(), "f.yml", problems)
    return node, [str(problem) for problem in problems.all()]


def value(text: str) -> object:
    node, problems = read(f"v: {text}\n")
    assert node is not None
    assert not problems
    document = plain(node)
    assert isinstance(document, dict)
    return document["v"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("12:30", "12:30"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("017", 17),
        ("0o17", 15),
        ("0x1f", 31),
        ("1_000", "1_000"),
        ("-3", -3),
        ("1.50", 1.5),
        ("1e3", 1000.0),
        (".5", 0.5),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("2027-03-31", "2027-03-31"),
        ('"17"', "17"),
        ("'true'", "true"),
        ("10.64.0.0/16", "10.64.0.0/16"),
        ("=", "="),
        ("<<", "<<"),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, expected: object) -> None:
    found = value(text)
    assert found == expected
    assert type(found) is type(expected)


def test_every_value_knows_its_line() -> None:
    node, _ = read("# head\na:\n  b:\n    - 1\n    - {c: 2,\n       d: 3}\n")
    assert node is not None
    assert find(node, ("a", "b", 0)).line == 4
    assert find(node, ("a", "b", 1, "d")).line == 6
    assert find(node, ("a", "b", 1, "nothing", "there")).line == 5
    assert find(node, ("a",)).line == 2


def test_a_byte_order_mark_and_windows_line_ends_are_fine() -> None:
    node, problems = read(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    assert not problems
    assert node is not None
    assert plain(node) == {"a": 1, "b": 2}


def test_every_duplicate_key_is_told_and_the_first_counts() -> None:
    node, problems = read("a: 1\nb: {c: 1, c: 2}\na: 2\n")
    assert problems == [
        'f.yml:2: duplicate key "c", first on line 2; expected every key once',
        'f.yml:3: duplicate key "a", first on line 1; expected every key once',
    ]
    assert node is not None
    assert plain(node) == {"a": 1, "b": {"c": 1}}


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("a: &x 1\nb: *x\n", 1, "anchor &x"),
        ("a: 1\nb: *x\n", 2, "alias *x"),
        ("a: !!python/object:os.system 1\n", 1, "tag"),
        ("? [1]\n: 2\n", 1, "a key that is a map or a list"),
        ("a: 1\n---\nb: 1\n", 2, "a second document"),
        ("a: 9999999999999999999\n", 1, "too long"),
        ("a: 1e999\n", 1, "too large"),
        ("\n" + "[" * (MAX_DEPTH + 1), 2, "nested more than"),
        ("a: [1\n", 1, "not YAML"),
        ("", 1, "the file is empty"),
        ("# only a comment\n", 1, "the file is empty"),
        ("a: \x07\n", 1, "U+0007 is not printable"),
    ],
)
def test_what_is_refused(text: str, line: int, what: str) -> None:
    node, problems = read(text)
    assert node is None
    (problem,) = problems
    assert problem.startswith(f"f.yml:{line}: ")
    assert what in problem


def test_a_million_laughs_are_not_laughed() -> None:
    laughs = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
    node, problems = read(laughs)
    assert node is None
    assert len(problems) == 1


def test_deep_nesting_does_not_exhaust_the_stack() -> None:
    node, _ = read("[" * 200_000)
    assert node is None


def test_a_file_too_long_is_not_read() -> None:
    node, (problem,) = read(b"a" * (MAX_BYTES + 1))
    assert node is None
    assert "16 MiB" in problem


def test_no_utf8_gives_the_line_of_the_byte() -> None:
    assert read(b"a: 1\nb: \xff\n")[1] == ["f.yml:2: byte 0xff is not UTF-8; expected text in UTF-8"]
