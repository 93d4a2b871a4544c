"""BMCs that are dead, flaky, swapped or half rotated; providers that are killed or not alone."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sys
from pathlib import Path

import psutil
import pytest

from karst.redfish.client import Client
from karst.redfish.errors import LoginRefusedError
from karst.redfish.resource import Credential
from karst.redfish.trust import Authority

from .lab import GENERATIONS, RACK, Lab
from .plugin import plugin
from .test_rack import SERVERS, created, writes

pytestmark = pytest.mark.slow

DEVICES = [*SERVERS, f"{RACK}-pdu-a", f"{RACK}-pdu-b"]
THRESHOLD = 5  # refused logins after which the twin's BMCs lock an account


def rotated(*generations: int) -> dict[str, dict[str, str]]:
    return {str(each): GENERATIONS[str(each)] for each in generations}


async def test_one_dead_bmc_fails_alone_and_is_retried_alone(twin: Lab, tmp_path: Path) -> None:
    dead = SERVERS[1]
    twin.control.set_faults([{"device": dead, "reset": True}])
    async with plugin(tmp_path, twin.configuration(timeout_s=2)) as karst:
        state = await karst.create(twin.rack())
        assert state.failed == {dead}
        assert len(state.reasons) == 1
        assert state.reasons[0].startswith(f"{dead}: ")
        assert state.outputs["servers_on"] == 3
        assert await karst.diff(await karst.read(state), twin.rack()) == {f'failed["{dead}"]'}
        twin.control.set_faults([])
        before = writes(twin)
        state = await karst.update(await karst.read(state), twin.rack())
        assert (state.reasons, state.outputs["servers_on"]) == ([], 4)
        after = writes(twin)
        assert {name for name in after if after[name] != before[name]} == {dead}


async def test_an_unreachable_bmc_keeps_what_was_last_known(twin: Lab, tmp_path: Path) -> None:
    async with plugin(tmp_path, twin.configuration(timeout_s=2)) as karst:
        state = await created(twin, karst)
        twin.control.set_faults([{"device": SERVERS[0], "hang": True}])
        read = await karst.read(state)
        assert read.failed == {SERVERS[0]}
        assert read.outputs["observed"] == state.outputs["observed"]
        assert read.inputs == state.inputs
        twin.control.set_faults([])
        again = await karst.update(read, twin.rack())
        assert (again.reasons, again.failed) == ([], set())
        assert [twin.devices()[name]["power_ons"] for name in SERVERS] == [1] * 4


@pytest.mark.parametrize("seed", [1, 2])
async def test_flaky_bmcs_are_borne_with(twin: Lab, tmp_path: Path, seed: int) -> None:
    twin.control.set_faults(
        [
            {"probability": 0.05, "status": 503, "seed": seed},
            {"probability": 0.04, "reset": True, "seed": seed + 10},
            {"probability": 0.01, "hang": True, "seed": seed + 20},
        ]
    )
    async with plugin(tmp_path, twin.configuration(timeout_s=1)) as karst:
        state = await karst.create(twin.rack())
        assert state.reasons == []
        twin.control.set_faults([])
        devices = twin.devices()
        assert [(devices[name]["power"], devices[name]["power_ons"]) for name in SERVERS] == [("On", 1)] * 4
        assert await karst.diff(await karst.read(state), twin.rack()) == set()


async def test_swapped_before_enrolment_both_are_refused(twin: Lab, tmp_path: Path) -> None:
    one, two = SERVERS[0], SERVERS[3]
    addresses = {name: each["address"] for name, each in twin.devices().items()}
    twin.control.change_cabling({"addresses": {one: addresses[two], two: addresses[one]}})
    async with plugin(tmp_path, twin.configuration()) as karst:
        state = await karst.create(twin.rack())
        assert state.failed == {one, two}
        declared = twin.plan.site.assets
        for name, other in ((one, two), (two, one)):
            assert declared[name].certificate_sha256 in state.outputs["failed"][name]  # expected
            assert declared[other].certificate_sha256 in state.outputs["failed"][name]  # seen
        assert [writes(twin)[name] for name in (one, two)] == [0, 0]
        # Not a word was said to them: the certificate came first.
        assert [twin.devices()[name]["requests"] for name in (one, two)] == [{}, {}]


async def test_swapped_after_enrolment_both_are_refused(twin: Lab, tmp_path: Path) -> None:
    one, two = SERVERS[0], SERVERS[1]
    async with plugin(tmp_path, twin.configuration()) as karst:
        state = await created(twin, karst)
        addresses = {name: each["address"] for name, each in twin.devices().items()}
        twin.control.change_cabling({"addresses": {one: addresses[two], two: addresses[one]}})
        before = writes(twin)
        tagged = twin.rack(s01={"asset_tag": "new"}, s02={"asset_tag": "new"})
        state = await karst.update(await karst.read(state), tagged)
        assert state.failed == {one, two}
        assert writes(twin) == before
        assert [twin.devices()[name]["login_failures"] for name in (one, two)] == [0, 0]


async def test_another_serial_number_is_refused_before_any_write(twin: Lab, tmp_path: Path) -> None:
    wrong = twin.rack(s01={"serial_number": "KT0000000000"})
    async with plugin(tmp_path, twin.configuration()) as karst:
        state = await karst.create(wrong)
        assert state.failed == {SERVERS[0]}
        assert "KT0000000000" in state.outputs["failed"][SERVERS[0]]
        assert twin.plan.site.assets[SERVERS[0]].serial_number in state.outputs["failed"][SERVERS[0]]
        assert writes(twin)[SERVERS[0]] == 0


async def test_a_rotation_that_fails_midway_locks_nobody_out(twin: Lab, tmp_path: Path) -> None:
    async with plugin(tmp_path, twin.configuration()) as karst:
        state = await created(twin, karst)
        await karst.configure(twin.configuration(credentials=rotated(1, 2), credential_generation=2, timeout_s=1))
        # One never gets to its account; one takes the password and never says so; one is lost at the login that
        # proves it; one does all but make a certificate.
        twin.control.set_faults(
            [
                {"device": SERVERS[0], "path": "*Accounts*", "status": 500},
                {"device": SERVERS[1], "path": "*Accounts*", "method": "PATCH", "lost": True},
                {"device": SERVERS[2], "path": "*Sessions", "method": "POST", "reset": True, "after": 1},
                {"device": SERVERS[3], "path": "*GenerateCSR", "status": 500},
            ]
        )
        state = await karst.update(state, twin.rack(generation=2))
        assert state.failed == set(SERVERS)
        twin.control.set_faults([])
        read = await karst.read(state)
        assert set(read.outputs["observed"]) == set(DEVICES)
        state = await karst.update(read, twin.rack(generation=2))
        assert (state.reasons, state.failed) == ([], set())
        assert {each["generation"] for each in state.outputs["observed"].values()} == {2}
        assert max(each["login_failures"] for each in twin.devices().values()) < THRESHOLD
        assert await karst.diff(await karst.read(state), twin.rack(generation=2)) == set()
    for device in (*state.inputs["servers"].values(), *state.inputs["pdus"].values()):
        async with Client(device["endpoint"], Authority(twin.authority.certificate_pem)) as bmc:
            await bmc.open()
            with pytest.raises(LoginRefusedError):
                await bmc.login(Credential(**GENERATIONS["1"]))


async def test_wrong_credentials_stay_below_the_lockout(twin: Lab, tmp_path: Path) -> None:
    async with plugin(tmp_path, twin.configuration()) as karst:
        state = await created(twin, karst)
        await karst.configure(twin.configuration(credentials=rotated(2, 3), credential_generation=3))
        read = await karst.read(state)
        assert read.failed == set(DEVICES)
        after = await karst.update(read, twin.rack(generation=3))
        assert after.failed == set(DEVICES)
        assert max(each["login_failures"] for each in twin.devices().values()) <= 2
        await karst.configure(twin.configuration())
        healed = await karst.update(after, twin.rack())
        assert healed.reasons == []


@pytest.mark.parametrize("shard", range(2))
async def test_killed_at_any_point_it_converges_and_does_nothing_twice(twin: Lab, tmp_path: Path, shard: int) -> None:
    for point in range(shard, 12, 2):
        async with plugin(tmp_path, twin.configuration()) as karst:
            run = asyncio.create_task(karst.create(twin.rack()))
            await asyncio.sleep(0.05 + 0.12 * point)
            await karst.end(signal.SIGKILL)
            await asyncio.gather(run, return_exceptions=True)
    async with plugin(tmp_path, twin.configuration()) as karst:
        state = await created(twin, karst)
        devices = twin.devices()
        assert [(devices[name]["power"], devices[name]["power_ons"]) for name in SERVERS] == [("On", 1)] * 4
        assert max(devices[name]["login_failures"] for name in DEVICES) < THRESHOLD
        assert await karst.diff(await karst.read(state), twin.rack()) == set()


async def test_two_providers_never_write_at_once(twin: Lab, tmp_path: Path) -> None:
    configuration = twin.configuration()
    async with plugin(tmp_path, configuration) as one, plugin(tmp_path, configuration) as two:
        states = await asyncio.gather(one.create(twin.rack()), two.create(twin.rack()))
    assert [state.reasons for state in states] == [[], []]
    devices = twin.devices()
    assert max(devices[name]["concurrent_writers"] for name in DEVICES) == 1
    assert [devices[name]["power_ons"] for name in SERVERS] == [1] * 4


async def test_a_killed_twin_is_picked_up_where_it_was(twin: Lab, tmp_path: Path) -> None:
    async with plugin(tmp_path, twin.configuration(timeout_s=2)) as karst:
        run = asyncio.create_task(karst.create(twin.rack()))
        await asyncio.sleep(0.6)
        twin.stop(signal.SIGKILL)
        state = await run
        assert state.reasons != []
        twin.start()
        state = await karst.update(await karst.read(state), twin.rack())
        assert state.reasons == []
        assert [twin.devices()[name]["power_ons"] for name in SERVERS] == [1] * 4


async def test_it_ends_with_its_engine() -> None:
    program = Path(sys.executable).with_name("pulumi-resource-karst")
    script = f"import subprocess, time; subprocess.Popen([{str(program)!r}]); time.sleep(60)"
    engine = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE)
    assert engine.stdout is not None
    await asyncio.wait_for(engine.stdout.readline(), 30)
    (child,) = psutil.Process(engine.pid).children()
    os.kill(engine.pid, signal.SIGKILL)
    await engine.wait()
    gone, _ = await asyncio.to_thread(psutil.wait_procs, [child], 8)
    assert gone == [child]


async def test_it_may_open_as_many_files_as_the_machine_allows(twin: Lab, tmp_path: Path) -> None:
    # A connection and a lock for each of a thousand BMCs: the usual 1,024 are few.
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
    try:
        async with plugin(tmp_path, twin.configuration()) as karst:
            limits = psutil.Process(karst.process.pid).rlimit(psutil.RLIMIT_NOFILE)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert limits == (before[1], before[1])


async def test_nothing_secret_is_in_what_it_keeps_or_says(twin: Lab, tmp_path: Path) -> None:
    twin.control.set_faults([{"device": SERVERS[0], "path": "*Accounts*", "status": 400}])
    async with plugin(tmp_path, twin.configuration()) as karst:
        state = await karst.create(twin.rack())
        assert state.failed == {SERVERS[0]}
        command = " ".join(psutil.Process(karst.process.pid).cmdline())
    said = (tmp_path / "plugin.log").read_text() + repr(state) + command
    for secret in (*(each["password"] for each in twin.configuration()["credentials"].values()), "FactoryWord"):
        assert secret not in said
    assert "PRIVATE KEY" not in said
