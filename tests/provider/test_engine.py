"""The same with the real engine: what a person at `pulumi` sees."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from karst.redfish.system import FORCE_OFF

from .lab import CLONE, FACTORY, GENERATIONS, RACK, Lab
from .project import Project
from .test_rack import SERVERS, writes

pytestmark = pytest.mark.slow


@pytest.fixture
def project(twin: Lab, tmp_path: Path) -> Project:
    run = subprocess.run(
        [sys.executable, CLONE / "tools" / "build.py", "--print-bin"], capture_output=True, text=True, check=True
    )
    (tmp_path / "project").mkdir()
    made = Project.create(tmp_path / "project", Path(run.stdout.strip()))
    made.configure(twin.configuration(timeout_s=3))
    made.declare(twin.rack(), hall={"name": "h1", "racks": {RACK: 4}})
    return made


async def test_the_life_of_a_rack(twin: Lab, project: Project) -> None:
    first = project.run("preview", "--diff")
    assert first.status == 0, first.output
    assert sum(sum(each["requests"].values()) for each in twin.devices().values()) == 0
    made = project.up()
    assert made.status == 0, made.output
    assert project.outputs()[f"{RACK}/servers_on"] == 4
    again = project.run("up", "--yes", "--skip-preview", "--expect-no-changes")
    assert again.status == 0, again.output

    async with twin.hand(SERVERS[3]) as bmc:
        system = await twin.system(bmc)
        await system.reset(FORCE_OFF, ("Off",))
        await system.wait_power("Off", 10)
        await (await system.read()).set_asset_tag("scribbled")
    seen = project.run("preview", "--diff")
    # Each property on a line of its own, below the server's.
    assert f"~ {SERVERS[3]}: {{" in seen.output
    assert '~ power    : "Off" => "On"' in seen.output
    assert f'~ asset_tag: "scribbled" => "{SERVERS[3]}"' in seen.output
    assert f"~ {SERVERS[0]}" not in seen.output
    assert project.up().status == 0
    assert twin.devices()[SERVERS[3]]["power"] == "On"

    twin.control.set_faults([{"device": SERVERS[1], "reset": True}])
    project.declare(
        twin.rack(s01={"asset_tag": "new"}, s02={"asset_tag": "new"}), hall={"name": "h1", "racks": {RACK: 4}}
    )
    broken = project.up()
    assert broken.status != 0
    assert f"* {SERVERS[1]}: " in broken.output
    assert f"* {SERVERS[0]}: " not in broken.output
    (rack,) = (each for each in project.resources() if each["type"] == "karst:metal:Rack")
    assert set(rack["outputs"]["failed"]) == {SERVERS[1]}
    assert rack["outputs"]["servers_on"] == 4
    twin.control.set_faults([])
    assert project.up().status == 0

    # What an active server would have to be reset for waits, and says so.
    project.declare(twin.rack(s01={"settings": {"BootMode": "Bios"}}), hall={"name": "h1", "racks": {RACK: 4}})
    assert project.up().status == 0
    waiting = project.run("preview")
    assert f"1 reset pending: {SERVERS[0]}" in waiting.output
    assert project.outputs()[f"{RACK}/reset_pending"] == [SERVERS[0]]
    assert twin.control.status()["resets"] == 0

    vanishing = twin.rack()
    del vanishing["servers"][SERVERS[0]]
    project.declare(vanishing, hall={"name": "h1", "racks": {RACK: 3}})
    refused = project.run("preview")
    assert refused.status != 0
    assert SERVERS[0] in refused.output
    assert "would vanish" in refused.output
    project.declare(hall={"name": "h1", "racks": {}})
    refused = project.run("preview")
    assert refused.status != 0
    assert f'racks["{RACK}"]' in refused.output
    assert "has 4 active servers and would vanish" in refused.output

    state = project.state()
    for secret in (GENERATIONS["1"]["password"], FACTORY["password"], "PRIVATE KEY"):
        assert secret not in state
        assert secret not in made.output + seen.output + broken.output

    gone = project.run("destroy", "--yes", "--skip-preview")
    assert gone.status == 0, gone.output
    assert [twin.devices()[name]["power"] for name in SERVERS] == ["Off"] * 4


def test_flaky_bmcs_make_no_difference_and_a_dead_one_fails_alone(twin: Lab, project: Project) -> None:
    racks = [twin.rack(name) for name in twin.plan.racks]
    project.configure(twin.configuration(timeout_s=2))
    hall = {"name": "h1", "racks": {rack["name"]: 4 for rack in racks}}
    project.declare(*racks, hall=hall)
    often: dict[str, Any] = {"probability": 0.3, "seed": 7}
    flaky = [
        {"device": "h1-r1-01-s01", "status": 503, **often},
        {"device": "h1-r1-02-s03", "reset": True, **often},
        {"device": "h1-r1-03-pdu-a", "hang": True, **often},
    ]
    twin.control.set_faults(flaky)
    made = project.up()
    assert made.status == 0, made.output
    assert twin.control.status()["servers_on"] == 12
    assert [each["power_ons"] for each in twin.devices().values() if each["kind"] == "server"] == [1] * 12

    dead = "h1-r1-02-s04"
    twin.control.set_faults([{"device": dead, "reset": True}])
    for rack in racks:
        for server in rack["servers"].values():
            server["asset_tag"] = "new"
    project.declare(*racks, hall=hall)
    broken = project.up()
    assert broken.status != 0
    assert f"* {dead}: GET https://{twin.devices()[dead]['address']}" in broken.output
    assert broken.output.count("* h1-") == 1
    twin.control.set_faults([])
    before = writes(twin)
    again = project.run("preview", "--diff")
    assert "[id=h1-r1-02]" in again.output
    assert "[id=h1-r1-01]" not in again.output
    assert f"- {dead}: " in again.output
    mended = project.up()
    assert mended.status == 0, mended.output
    after = writes(twin)
    assert {name for name in after if after[name] != before[name]} == {dead}


def test_a_rack_is_imported_by_its_name(twin: Lab, project: Project) -> None:
    assert project.up().status == 0
    resources = {each["type"]: each["urn"] for each in project.resources()}
    lost = project.run("state", "delete", resources["karst:metal:Rack"], "--force", "--yes")
    assert lost.status == 0, lost.output
    provider = f"karst={resources['pulumi:providers:karst']}"
    options = ("--provider", provider, "--generate-code=false", "--protect=false", "--yes")
    taken = project.run("import", "karst:metal:Rack", RACK, RACK, *options)
    assert taken.status == 0, taken.output
    before = twin.control.status()
    ended = project.up()
    assert ended.status == 0, ended.output
    assert project.outputs()[f"{RACK}/servers_on"] == 4
    after = twin.control.status()
    assert [after[key] for key in ("resets", "power_ons")] == [before[key] for key in ("resets", "power_ons")]
    again = project.run("up", "--yes", "--skip-preview", "--expect-no-changes")
    assert again.status == 0, again.output


def test_a_killed_engine_takes_its_provider_along_and_the_next_run_converges(twin: Lab, project: Project) -> None:
    engine = project.start("up", "--yes", "--skip-preview")
    reached = False
    while engine.poll() is None and not reached:
        reached = twin.control.status(devices=False)["writes"] > 20
    family = psutil.Process(engine.pid).children(recursive=True)
    providers = [each for each in family if "pulumi-resource-karst" in " ".join(each.cmdline())]
    assert reached
    assert providers
    os.kill(engine.pid, signal.SIGKILL)
    engine.communicate()
    gone, _ = psutil.wait_procs(providers, 8)
    assert set(gone) == set(providers)
    assert project.run("cancel", "--yes").status == 0
    ended = project.up()
    assert ended.status == 0, ended.output
    assert [twin.devices()[name]["power_ons"] for name in SERVERS] == [1] * 4
