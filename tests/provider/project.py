"""A small Pulumi project in a folder of its own: racks declared from a JSON document, run by the real engine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = """
import json
from pathlib import Path
import pulumi
from karst.provider.hall import Hall, HallArgs
from karst.provider.provider import Provider, ProviderArgs
from karst.provider.switch import Switch, SwitchArgs
from karst.provider.rack import Hold, PduArgs, Rack, RackArgs, ServerArgs
from karst.site.base import Status

what = json.loads(Path("declared.json").read_text())
provider = Provider("karst", ProviderArgs(**json.loads(Path("provider.json").read_text())))
options = pulumi.ResourceOptions(provider=provider)


def device(kind, given):
    hold = given.pop("hold", None)
    return kind(status=Status(given.pop("status")), hold=Hold(**hold) if hold else None, **given)


if "hall" in what:
    alone = pulumi.ResourceOptions(provider=provider)
    options.depends_on = [Hall(what["hall"]["name"], HallArgs(**what["hall"]), alone)]
before = []
for name, switch in what["switches"].items():
    alone = pulumi.ResourceOptions(provider=provider, depends_on=before)
    before = [Switch(name, SwitchArgs(**switch), alone)]
for rack in what["racks"]:
    args = RackArgs(
        name=rack["name"],
        credential_generation=rack["credential_generation"],
        servers={name: device(ServerArgs, dict(each)) for name, each in rack["servers"].items()},
        pdus={name: device(PduArgs, dict(each)) for name, each in rack["pdus"].items()},
    )
    made = Rack(rack["name"], args, options)
    for output in ("observed", "reset_pending", "failed", "held", "servers_on"):
        pulumi.export(f"{rack['name']}/{output}", getattr(made, output))
"""


@dataclass(frozen=True, slots=True)
class Run:
    """An engine run that has ended."""

    status: int
    output: str


@dataclass(frozen=True, slots=True)
class Project:
    """`declare` and `configure`, then `run`."""

    folder: Path
    tools: Path

    @staticmethod
    def create(folder: Path, tools: Path) -> Project:
        """A project with one stack."""
        made = Project(folder, tools)
        (folder / "Pulumi.yaml").write_text("name: karst-test\nruntime: python\noptions: {refresh: always}\n")
        (folder / "__main__.py").write_text(PROGRAM)
        for name in ("backend", "home", "locks"):
            (folder / name).mkdir()
        assert made.run("stack", "init", "test").status == 0
        return made

    @property
    def environment(self) -> dict[str, str]:
        """Of every engine run."""
        path = os.pathsep.join([str(Path(sys.executable).parent), str(self.tools), os.environ["PATH"]])
        return {
            "PATH": path,
            "HOME": str(self.folder),
            "PULUMI_HOME": str(self.folder / "home"),
            "PULUMI_BACKEND_URL": f"file://{self.folder / 'backend'}?metadata=skip",
            "PULUMI_CONFIG_PASSPHRASE": "not a secret of anybody's",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "KARST_LOCKS": str(self.folder / "locks"),
        }

    def configure(self, provider: dict[str, Any]) -> None:
        """The provider's arguments."""
        (self.folder / "provider.json").write_text(json.dumps(provider))

    def declare(
        self, *racks: dict[str, Any], hall: dict[str, Any] | None = None, switches: Mapping[str, Any] = {}
    ) -> None:
        """What the program declares; each switch waits for the one before it."""
        what = {"racks": racks, "switches": switches, **({"hall": hall} if hall else {})}
        (self.folder / "declared.json").write_text(json.dumps(what))

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """An engine run under way, in a process group of its own."""
        return subprocess.Popen(
            ["pulumi", *arguments, "--non-interactive", "--color", "never"],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str) -> Run:
        """An engine run to its end."""
        engine = self.start(*arguments)
        output, _ = engine.communicate(timeout=300)
        return Run(engine.returncode, output)

    def up(self) -> Run:
        """`pulumi up`."""
        return self.run("up", "--yes", "--skip-preview", "--continue-on-error")

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs."""
        found: dict[str, Any] = json.loads(self.run("stack", "output", "--json").output)
        return found

    def resources(self) -> list[dict[str, Any]]:
        """What the stack holds."""
        exported = json.loads(self.run("stack", "export").output)
        found: list[dict[str, Any]] = exported["deployment"]["resources"]
        return found

    def state(self) -> str:
        """The state as it lies on disk."""
        (file,) = (self.folder / "backend" / ".pulumi" / "stacks").rglob("test.json")
        return file.read_text()
