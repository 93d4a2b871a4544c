"""Allocations: what is chosen never moves, whatever is built or removed; each line is for a person to review."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from karst.site.allocate import allocate, retired
from karst.site.allocation_lines import HEAD, added, removed
from karst.site.allocations import AllocationsFile
from karst.site.load import load
from karst.site.model import Site
from karst.site.names import seats
from karst.site.problems import Problems, SiteError
from karst.site.read import read

BASE = Path(__file__).parents[2] / "errors" / "base"
SITE = load(BASE, BASE / "hardware")
ROWS = ("h1-r1", "h1-r2", "h1-r3")
NOTHING = AllocationsFile.model_validate({"schema": 1})


def with_racks(positions: Mapping[str, set[int]]) -> Site:
    """Return the base with racks at these positions of its rows, and no allocations."""
    spaces = SITE.spaces.model_copy(update={"rows": dict.fromkeys(ROWS, SITE.spaces.rows["h1-r1"])})
    row = SITE.racks.rows["h1-r1"]
    rows = {
        name: row.model_copy(update={"positions": ",".join(map(str, sorted(there)))})
        for name, there in positions.items()
        if there
    }
    racks = SITE.racks.model_copy(update={"rows": rows})
    return replace(SITE, spaces=spaces, racks=racks, allocations=NOTHING)


def numbered(site: Site, text: str) -> Site:
    """Return the site with the allocations that the text says, as they are read from a file."""
    problems = Problems()
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch, "allocations.yml")
        file.write_text(text)
        said = read(file, file.name, AllocationsFile, problems).model
    assert said is not None, problems.all()
    assert not problems.all()
    return replace(site, allocations=said)


def run(site: Site, text: str) -> str:
    here = numbered(site, text)
    return added(text, allocate(here), here.allocations)


def run_retire(site: Site, text: str) -> str:
    here = numbered(site, text)
    return removed(text, retired(here), here.allocations)


def is_only_added_to(before: str, after: str) -> bool:
    """Whether every line of `before` is in `after`, in the same order."""
    lines = iter(after.splitlines())
    return all(line in lines for line in before.splitlines())


some_racks = st.fixed_dictionaries({row: st.sets(st.integers(1, 20), min_size=1) for row in ROWS})


@settings(max_examples=40, deadline=None)
@given(steps=st.lists(st.tuples(some_racks, st.booleans()), min_size=1, max_size=5))
def test_inserting_and_removing_racks_adds_lines_and_changes_none(
    steps: list[tuple[dict[str, set[int]], bool]],
) -> None:
    text = HEAD
    for positions, retire in steps:
        site = with_racks(positions)
        known = seats(site.racks)
        if retire:
            before, text = text, run_retire(site, text)
            assert is_only_added_to(text, before), "retiring changed a line"
            gone = numbered(site, before).allocations.racks.keys() - numbered(site, text).allocations.racks.keys()
            assert not gone & known.keys(), "a rack that is there lost its numbers"
        before, text = text, run(site, text)
        assert is_only_added_to(before, text), "a line was changed or moved"
        assert run(site, text) == text, "a second run finds nothing to choose"
        said = numbered(site, text).allocations
        assert known.keys() <= said.racks.keys()
        for field in ("ordinal", "out_of_band", "loopbacks", "as_number"):
            values = [getattr(each, field) for each in said.racks.values()]
            assert len(values) == len(set(values)), f"{field} is given twice"
        members = said.control_plane["lab"]
        assert len(members) == 3
        assert len({member.rsplit("-", 1)[0] for member in members}) == 3, "two members in one rack"


@settings(max_examples=20, deadline=None)
@given(first=some_racks, row=st.sampled_from(ROWS), position=st.integers(1, 20))
def test_the_lines_do_not_depend_on_what_else_changes(first: dict[str, set[int]], row: str, position: int) -> None:
    text = run(with_racks(first), HEAD)
    more = {name: there | ({position} if name == row else set()) for name, there in first.items()}
    after = run(with_racks(more), text)
    new = set(after.splitlines()) - set(text.splitlines())
    assert len(new) == (position not in first[row])


def test_a_person_s_comments_and_order_stay() -> None:
    text = (BASE / "allocations.yml").read_text().replace("racks:\n", "racks:  # by hand\n  # first of all\n")
    site = with_racks({"h1-r1": {1, 2, 3}, "h1-r2": {1}})
    after = run(site, text)
    assert is_only_added_to(text, after)
    # The rack of the new row, its two leaves and its out-of-band switch.
    assert len(after.splitlines()) == len(text.splitlines()) + 1 + 3


def test_members_go_to_other_halls_and_rows_first() -> None:
    rows = SITE.spaces.rows
    halls = {"h1": SITE.spaces.halls["h1"], "h2": SITE.spaces.halls["h1"]}
    site = with_racks({"h1-r1": {1, 2, 3}, "h1-r2": {1}, "h1-r3": {1}})
    spaces = site.spaces.model_copy(
        update={"halls": halls, "rows": {**site.spaces.rows, "h1-r3": rows["h1-r1"].model_copy(update={"hall": "h2"})}}
    )
    cluster = site.clusters.clusters["lab"].model_copy(update={"halls": ("h1", "h2")})
    clusters = site.clusters.model_copy(update={"clusters": {"lab": cluster}})
    chosen = allocate(replace(site, spaces=spaces, clusters=clusters)).control_plane["lab"]
    assert chosen == ("h1-r1-01-s01", "h1-r3-01-s01", "h1-r2-01-s01")


def test_nothing_is_chosen_if_anything_runs_out() -> None:
    site = with_racks({"h1-r1": {1, 2, 3}})
    numbers = site.network.as_numbers.model_copy(update={"last": site.network.as_numbers.first + 1})
    network = site.network.model_copy(update={"as_numbers": numbers})
    cluster = site.clusters.clusters["lab"].model_copy(update={"control_plane": 5})
    clusters = site.clusters.model_copy(update={"clusters": {"lab": cluster}})
    with pytest.raises(SiteError) as error:
        allocate(replace(site, network=network, clusters=clusters))
    said = "\n".join(map(str, error.value.problems))
    assert "rack h1-r1-03 lacks an AS number" in said
    assert "needs 5 more control plane members, 3 can be found" in said


@pytest.mark.parametrize("text", ["schema: 1\nracks: {}\n", "schema: 1\nracks: {h1-r1-01: {}}\n"])
def test_a_file_that_is_not_in_its_form_is_left_alone(text: str) -> None:
    site = with_racks({"h1-r1": {1, 2, 3}})
    with pytest.raises(SiteError) as error:
        added(text, allocate(site), NOTHING)
    assert "one entry a line" in str(error.value)
