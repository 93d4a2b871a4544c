"""A switch with the real FRR: changed by what differs alone, and back by itself whenever that does not do."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import grpc
import pytest

from .lab import CLONE, free_port
from .plugin import Plugin, State, plugin
from .project import Project
from .switches import LEAF, Switches, switches, until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("switches")]

URN = f"urn:pulumi:test::karst::karst:network:Switch::{LEAF}"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Switches]:
    with switches(tmp_path_factory.mktemp("switches")) as made:
        yield made


@pytest.fixture
def project(tmp_path: Path) -> Project:
    build = [sys.executable, str(CLONE / "tools" / "build.py"), "--print-bin"]
    tools = Path(subprocess.run(build, capture_output=True, text=True, check=True).stdout.strip())
    (tmp_path / "project").mkdir()
    return Project.create(tmp_path / "project", tools)


@pytest.fixture
async def karst(lab: Switches, tmp_path: Path) -> AsyncIterator[Plugin]:
    async with plugin(tmp_path, lab.configuration(), URN) as made:
        yield made


@pytest.fixture
async def state(lab: Switches, karst: Plugin) -> State:
    """The leaf as planned, its neighbours there."""
    made = await karst.create(lab.inputs())
    lab.whole()
    return made


async def refused(karst: Plugin, state: State, text: str, lab: Switches) -> str:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await karst.update(state, lab.inputs(text))
    assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    return caught.value.details() or ""


async def begun(lab: Switches, folder: Path, text: str) -> None:
    """A run that was killed between the switch's change and its confirmation."""
    token = lab.token()
    async with plugin(folder, lab.configuration(), URN) as killed:
        work = asyncio.create_task(killed.update(State(lab.inputs(), {"name": LEAF}, LEAF), lab.inputs(text)))
        await asyncio.to_thread(until, token.exists, 20)
        await killed.end(signal.SIGKILL)
        with pytest.raises(grpc.aio.AioRpcError):
            await work


async def test_first_apply(lab: Switches, karst: Plugin, tmp_path: Path) -> None:
    assert await karst.check(lab.inputs()) == {}
    before = lab.running()
    await karst.create(lab.inputs(), preview=True)
    assert lab.running() == before
    assert "+router bgp 4200000102\n" in (tmp_path / "plugin.log").read_text()
    made = await karst.create(lab.inputs())
    assert made.id == LEAF
    assert lab.running() == lab.saved() == lab.texts[LEAF]
    assert lab.run(LEAF, "stat", "--format", "%U:%G %a", "/etc/frr/frr.conf") == "frr:frr 640\n"
    assert not lab.pending()
    lab.whole()


async def test_second_apply_touches_nothing(lab: Switches, karst: Plugin, state: State) -> None:
    files = ("/etc/frr/frr.conf", "/var/log/frr/frr-reload.log")
    before = lab.run(LEAF, "stat", "--format", "%Y.%s %i", *files)
    seen = await karst.read(state)
    assert seen.inputs == lab.inputs()
    assert await karst.diff(seen, lab.inputs()) == set()
    assert (await karst.update(seen, lab.inputs())).outputs == {"name": LEAF, "sessions": 2}
    assert lab.run(LEAF, "stat", "--format", "%Y.%s %i", *files) == before


async def test_a_hand_edit_is_mended_and_no_session_notices(
    lab: Switches, karst: Plugin, state: State, tmp_path: Path
) -> None:
    since = lab.whole()
    lab.vtysh(LEAF, "configure", "interface swp1", "description by hand", "end")
    seen = await karst.read(state)
    assert " description by hand\n" in seen.inputs["configuration"]
    assert await karst.diff(seen, lab.inputs()) == {"configuration"}
    await karst.update(seen, lab.inputs(), preview=True)
    assert "- description by hand" in (tmp_path / "plugin.log").read_text()
    await karst.update(seen, lab.inputs())
    assert lab.running() == lab.texts[LEAF]
    assert lab.since() == pytest.approx(since, abs=2)  # FRR reckons them anew each time, to the second


async def test_what_frr_does_not_understand_is_not_tried(lab: Switches, karst: Plugin, state: State) -> None:
    since = lab.whole()
    said = await refused(karst, state, lab.texts[LEAF].replace("bestpath", "worstpath"), lab)
    assert said.startswith(f"{LEAF}: vtysh failed")
    assert "worstpath" in said
    assert lab.running() == lab.saved() == lab.texts[LEAF]
    assert lab.since() == pytest.approx(since, abs=2)  # FRR reckons them anew each time, to the second


async def test_a_lost_neighbour_is_named_and_the_change_taken_back(lab: Switches, karst: Plugin, state: State) -> None:
    text = lab.texts[LEAF].replace("neighbor swp1 remote-as 4200000001", "neighbor swp1 remote-as 4200009999")
    assert text != lab.texts[LEAF]
    said = await refused(karst, state, text, lab)
    assert said == f"{LEAF}: it lost spine-01 at swp1 for 20 s; rolled back"
    assert lab.running() == lab.saved() == lab.texts[LEAF]
    assert not lab.pending()
    lab.whole()


async def test_a_switch_that_cut_itself_off_comes_back(lab: Switches, karst: Plugin, state: State) -> None:
    # FRR itself says where in its text the line belongs.
    route = f"ip route {client(lab)}/32 blackhole"
    lab.vtysh(LEAF, "configure", route, "end")
    text = lab.running()
    lab.vtysh(LEAF, "configure", f"no {route}", "end")
    assert lab.running() == lab.texts[LEAF]
    said = await refused(karst, state, text, lab)
    assert said.startswith(f"{LEAF} was rolled back by the switch itself: {LEAF}")
    assert lab.running() == lab.saved() == lab.texts[LEAF]
    lab.whole()


def client(lab: Switches) -> str:
    """The address that the leaf sees its operator come from."""
    return lab.run(LEAF, "sh", "-c", "ip -4 route show default | cut -d ' ' -f 3").strip()


async def test_a_killed_run_leaves_the_switch_to_roll_back(
    lab: Switches, karst: Plugin, state: State, tmp_path: Path
) -> None:
    text = lab.texts[LEAF].replace("description spine-01", "description another")
    await begun(lab, tmp_path, text)
    said = await refused(karst, state, text, lab)
    assert said in (
        f"{LEAF}: another run is at work on it",
        f"{LEAF}: another change awaits its confirmation, or is being rolled back",
    )
    await asyncio.to_thread(until, lambda: lab.running() == text, 20)
    await asyncio.to_thread(until, lambda: lab.running() == lab.texts[LEAF] and not lab.pending(), 30)
    assert lab.saved() == lab.texts[LEAF]


async def test_a_reboot_before_the_confirmation_forgets_the_change(
    lab: Switches, karst: Plugin, state: State, tmp_path: Path
) -> None:
    text = lab.texts[LEAF].replace("description spine-01", "description another")
    await begun(lab, tmp_path, text)
    await asyncio.to_thread(until, lambda: lab.running() == text, 20)
    await asyncio.to_thread(lab.reboot)
    await asyncio.to_thread(lab.whole)
    assert (await karst.read(state)).inputs == lab.inputs()


async def test_what_a_person_at_pulumi_sees(lab: Switches, karst: Plugin, state: State, project: Project) -> None:
    del karst, state
    project.configure(lab.configuration())
    project.declare(switches={LEAF: lab.inputs()})
    made = project.up()
    assert made.status == 0, made.output
    lab.vtysh(LEAF, "configure", "interface swp1", "description by hand", "end")
    seen = project.run("preview")
    assert f"{LEAF} runs another text than declared" in seen.output
    assert "- description by hand" in seen.output
    assert project.up().status == 0
    assert lab.running() == lab.texts[LEAF]
    again = project.run("up", "--yes", "--skip-preview", "--expect-no-changes")
    assert again.status == 0, again.output
    gone = project.run("destroy", "--yes", "--skip-preview")
    assert f"{LEAF} is no longer Karst's" in gone.output
    assert lab.running() == lab.saved() == lab.texts[LEAF]


async def test_what_waits_for_a_failed_switch_is_not_touched(
    lab: Switches, karst: Plugin, state: State, project: Project
) -> None:
    del karst, state
    text, since = lab.texts[LEAF], lab.whole()
    project.configure(lab.configuration())
    # The same device twice: so it shows whether anybody came by after the first.
    project.declare(switches={"first": lab.inputs(), "second": lab.inputs()})
    assert project.up().status == 0
    another = lab.inputs(text.replace("description spine-01", "description another"))
    project.declare(switches={"first": lab.inputs(text.replace("bestpath", "worstpath")), "second": another})
    failed = project.up()  # with --continue-on-error
    assert failed.status != 0
    assert f"{LEAF}: vtysh failed" in failed.output
    assert lab.running() == lab.saved() == text
    assert lab.since() == pytest.approx(since, abs=2)  # FRR reckons them anew each time, to the second


async def test_one_that_does_not_answer(lab: Switches, karst: Plugin, state: State, tmp_path: Path) -> None:
    elsewhere = lab.inputs(endpoint=f"127.0.0.1:{free_port()}")
    await karst.create(elsewhere, preview=True)
    assert f"{LEAF} cannot be reached at {elsewhere['endpoint']}" in (tmp_path / "plugin.log").read_text()
    lost = State(elsewhere, state.outputs, LEAF)
    assert (await karst.read(lost)).inputs == elsewhere
    with pytest.raises(grpc.aio.AioRpcError, match="cannot be reached"):
        await karst.create(elsewhere)


async def test_one_that_is_another_is_told_nothing(lab: Switches, karst: Plugin, state: State) -> None:
    del state
    with pytest.raises(grpc.aio.AioRpcError, match="Host key verification failed"):
        await karst.create(lab.inputs(name="h1-r1-leaf-b"))


async def test_a_deleted_switch_goes_on(lab: Switches, karst: Plugin, state: State) -> None:
    await karst.delete(state)
    assert lab.running() == lab.saved() == lab.texts[LEAF]


async def test_what_switches_need_opens_no_rack(lab: Switches, tmp_path: Path) -> None:
    rack = "urn:pulumi:test::karst::karst:metal:Rack::h1-r1-01"
    async with plugin(tmp_path, lab.configuration(), rack) as karst:
        with pytest.raises(grpc.aio.AioRpcError, match="lacks credentials, ca_certificate, ca_key"):
            await karst.create({"name": "h1-r1-01", "credential_generation": 1, "servers": {}, "pdus": {}})
