from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from karst.provider.decide import decide_pdu, decide_server
from karst.provider.model import Hold, PduArgs, ServerArgs
from karst.provider.seen import (
    SeenPdu,
    SeenServer,
    recall_pdu,
    recall_server,
    record_pdu,
    record_server,
    server_as_seen,
    wanted_power,
)
from karst.site.base import Status

NAMES = st.sampled_from(["BootMode", "VMX", "PWR0010"])
VALUES = st.sampled_from(["Uefi", "Bios", "On"])
SETTINGS = st.dictionaries(NAMES, VALUES)
POWERS = st.sampled_from(["On", "Off"])
IMAGES = st.sampled_from(["https://images.example/debian-12.iso", "https://images.example/debian-13.iso"])
HOLDS = st.none() | st.just(Hold(who="Li", why="board swap", until="2026-12-01"))

servers = st.builds(
    ServerArgs,
    endpoint=st.just("https://127.64.0.1:8443"),
    status=st.sampled_from(Status),
    hold=HOLDS,
    power=POWERS,
    asset_tag=st.none() | st.sampled_from(["a", "b"]),
    settings=SETTINGS,
    image=st.none() | IMAGES,
)
seen_servers = st.builds(
    SeenServer,
    generation=st.integers(0, 3),
    power=POWERS,
    asset_tag=st.none() | st.sampled_from(["", "a", "b"]),
    settings=SETTINGS,
    staged=SETTINGS,
    image=st.none() | st.just("") | IMAGES,
    installing=st.booleans(),
)
pdus = st.builds(
    PduArgs,
    endpoint=st.just("https://127.64.0.62:8443"),
    status=st.sampled_from(Status),
    hold=HOLDS,
    outlets_off=st.lists(st.sampled_from(["1", "2", "3"]), unique=True),
)


def carry_out(server: ServerArgs, seen: SeenServer, consent: bool) -> SeenServer:
    """What a BMC would be like after the steps."""
    steps = decide_server(server, seen, consent)
    staged = {**seen.staged, **steps.stage}
    started = steps.power in ("on", "reset") or steps.install
    return replace(
        seen,
        asset_tag=seen.asset_tag if steps.asset_tag is None else steps.asset_tag,
        staged=staged,
        settings=staged if started else seen.settings,
        power="On" if steps.install else {"on": "On", "off": "Off", "reset": "On", None: seen.power}[steps.power],
        image=server.image if steps.install else seen.image,
        installing=seen.installing and not steps.install,
    )


@given(servers, seen_servers, st.booleans())
def test_once_is_enough(server: ServerArgs, seen: SeenServer, consent: bool) -> None:
    after = carry_out(server, seen, consent)
    assert not decide_server(server, after, consent).any


@given(servers, seen_servers)
def test_an_active_server_is_never_stopped_without_consent(server: ServerArgs, seen: SeenServer) -> None:
    active = replace(server, status=Status.ACTIVE)
    steps = decide_server(active, seen, consent=False)
    assert steps.power in (None, "on")
    if seen.power == "On":
        assert steps.power is None


@given(servers, seen_servers, st.booleans())
def test_a_disk_that_may_hold_something_is_never_written_without_consent(
    server: ServerArgs, seen: SeenServer, consent: bool
) -> None:
    steps = decide_server(server, seen, consent)
    if steps.install:
        assert (server.status, server.hold) == (Status.ACTIVE, None)
        assert seen.image == "" or (seen.image == server.image and seen.installing)
        assert seen.power == "Off" or seen.installing
        assert steps.power is None


@given(servers, seen_servers, st.booleans())
def test_another_image_is_pending_until_it_is_consented_to(server: ServerArgs, seen: SeenServer, consent: bool) -> None:
    active = replace(server, status=Status.ACTIVE, hold=None, power="On")
    differs = active.image is not None and seen.image != active.image
    without = decide_server(active, seen, consent)
    unfinished = active.image is not None and seen.installing
    assert without.reinstall_pending <= differs <= (without.install or without.reinstall_pending)
    allowed = decide_server(active, seen, consent, reinstall=True)
    assert (allowed.install, allowed.reinstall_pending) == (differs or unfinished, False)


@given(servers, seen_servers, st.booleans())
def test_held_and_unmanaged_ones_are_left_alone(server: ServerArgs, seen: SeenServer, consent: bool) -> None:
    steps = decide_server(server, seen, consent)
    if server.hold is not None or server.status not in (Status.STAGED, Status.ACTIVE, Status.OFFLINE):
        assert not steps.any
        assert not steps.pending


@given(servers, seen_servers, st.booleans())
def test_what_is_decided_brings_it_to_what_is_declared(server: ServerArgs, seen: SeenServer, consent: bool) -> None:
    after = carry_out(server, seen, consent)
    steps = decide_server(server, after, consent)
    if server.hold is None and server.status in (Status.STAGED, Status.ACTIVE, Status.OFFLINE):
        assert all(after.staged.get(name) == value for name, value in server.settings.items())
        assert steps.pending or after.power == wanted_power(server)
        assert server.asset_tag is None or after.asset_tag == server.asset_tag


@given(servers, seen_servers)
def test_the_short_form_loses_nothing_that_matters(server: ServerArgs, seen: SeenServer) -> None:
    told = {name: value for name, value in seen.settings.items() if name in server.settings}
    staged = {name: value for name, value in seen.staged.items() if name in server.settings}
    full = replace(seen, settings=told, staged=staged, image=seen.image if server.image else None)
    recalled = recall_server(server, record_server(server, full))
    assert recalled is not None
    for consent in (False, True):
        assert decide_server(server, recalled, consent) == decide_server(server, full, consent)


@given(servers, seen_servers)
def test_drift_shown_as_inputs_is_drift_still(server: ServerArgs, seen: SeenServer) -> None:
    shown = server_as_seen(server, seen)
    recalled = recall_server(shown, record_server(shown, seen))
    assert recalled is not None
    before, after = decide_server(server, seen, False), decide_server(server, recalled, False)
    assert (before.asset_tag, dict(before.stage), before.power, before.pending) == (
        after.asset_tag,
        dict(after.stage),
        after.power,
        after.pending,
    )


@given(pdus, st.lists(st.sampled_from(["1", "2", "3"]), unique=True))
def test_outlets(pdu: PduArgs, off: list[str]) -> None:
    seen = SeenPdu(1, tuple(sorted(off)))
    steps = decide_pdu(pdu, seen)
    if pdu.hold is None and pdu.status in (Status.STAGED, Status.ACTIVE, Status.OFFLINE):
        assert (set(off) - set(steps.on)) | set(steps.off) == set(pdu.outlets_off)
    else:
        assert not steps.any
    assert recall_pdu(pdu, record_pdu(pdu, seen)) == seen
