"""Batches: whatever is drawn, no batch ever takes two members of one redundancy group, and nobody is left out."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from karst.inventory.batches import Batch, Member, batches, members_of, peers, redundancy_groups


@st.composite
def members(draw: st.DrawFn) -> list[Member]:
    """Hosts of up to four clusters, or of none, in up to six racks; a rack may hold hosts of two clusters."""
    found = []
    for number in range(draw(st.integers(0, 40))):
        rack = draw(st.integers(1, 6))
        cluster = draw(st.sampled_from([None, "k1", "k2", "k3"]))
        quorum = cluster is not None and draw(st.booleans())
        found.append(Member(f"r{rack}-s{number}", f"rack:r{rack}", cluster, quorum))
    return found


def hit(batch: Collection[str], of: list[Member]) -> dict[str, list[str]]:
    """Return by redundancy group which of its members are hit when the hosts of a batch are down."""
    return {
        group: [name for name, hosts in of_group.items() if not hosts.isdisjoint(batch)]
        for group, of_group in redundancy_groups(of).items()
    }


@settings(deadline=None)
@given(members(), st.data())
def test_no_batch_takes_two_members_of_a_redundancy_group(drawn: list[Member], data: st.DataObject) -> None:
    names = [member.name for member in drawn]
    down = data.draw(st.sets(st.sampled_from(names))) if names else set()
    most = data.draw(st.none() | st.integers(1, 10))
    found = batches(drawn, down, most)
    assert sorted(name for batch in found for name in batch.hosts) == sorted(names)
    for batch in found:
        assert batch.hosts
        assert most is None or len(batch.hosts) <= most
        for group, taken in hit(batch.hosts, drawn).items():
            assert len(taken) <= 1, group


@settings(deadline=None)
@given(members(), st.data())
def test_what_a_killed_batch_left_down_is_back_before_any_other_of_its_cluster_goes(
    drawn: list[Member], data: st.DataObject
) -> None:
    """A run is killed anywhere in any batch, the next one begins anew: at no moment are two members down."""
    if not drawn:
        return
    first = data.draw(st.sampled_from(batches(drawn)))
    down = set(data.draw(st.sets(st.sampled_from(first.hosts))))
    most = data.draw(st.none() | st.integers(1, 10))
    for batch in batches(drawn, down, most):
        for group, taken in hit(down | set(batch.hosts), drawn).items():
            assert len(taken) <= 1, group
        down -= set(batch.hosts)  # it came back, else the run has stopped


def test_clusters_go_side_by_side() -> None:
    drawn = [
        Member(f"{cluster}-r{rack}-s1", f"rack:{cluster}-r{rack}", cluster, False)
        for cluster in "ab"
        for rack in (1, 2)
    ]
    assert batches(drawn) == (
        Batch(("rack:a-r1", "rack:b-r1"), ("a-r1-s1", "b-r1-s1")),
        Batch(("rack:a-r2", "rack:b-r2"), ("a-r2-s1", "b-r2-s1")),
    )


def test_two_control_plane_members_of_a_rack_go_one_after_the_other() -> None:
    drawn = [Member(f"s{number}", "rack:r1", "k1", number <= 2) for number in range(1, 5)]
    assert [batch.hosts for batch in batches(drawn)] == [("s1", "s3", "s4"), ("s2",)]


def test_a_batch_of_none_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 1 or more"):
        batches([], most=0)


GROUPS = {
    "all": ["a1", "a2", "b1", "c1"],
    "rack_r1": ["a1", "b1"],
    "rack_r2": ["a2", "c1"],
    "cluster_a": ["a1", "a2"],
    "cluster_b": ["b1"],
    "control_plane_a": ["a2"],
}


def test_groups_say_all_that_batches_need() -> None:
    assert members_of(GROUPS, ["a1", "a2", "c1"]) == (
        Member("a1", "rack_r1", "cluster_a", False),
        Member("a2", "rack_r2", "cluster_a", True),
        Member("c1", "rack_r2", None, False),
    )
    assert peers(GROUPS, ["a2"]) == ("a1", "a2")
    assert peers(GROUPS, ["c1", "b1"]) == ("b1", "c1")
    with pytest.raises(ValueError, match="no row is known of a1, b1"):
        members_of(GROUPS, ["a1", "b1"], "row")
    with pytest.raises(ValueError, match="busway is no failure domain"):
        members_of(GROUPS, ["a1"], "busway")
