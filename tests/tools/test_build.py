"""The builder of tools, with two tiny Go modules in place of the real ones."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

BUILD = Path(__file__).resolve().parents[2] / "tools" / "build.py"
GO = shutil.which("go")

PINS = """
[alpha]
version = "1.2.3"
folder = "alpha"
package = "."
version_command = ["version"]
version_pattern = 'v(\\d+\\.\\d+\\.\\d+)'
seconds = 2

[beta]
version = "2.0.0"
folder = "beta"
package = "."
beside = "alpha"
seconds = 2
"""

# Stands before the real go on PATH: notes each build, and waits while the file `hold` is there.
WRAPPER = """#!/bin/sh
if [ "$1" = build ]; then
  echo "$*" >> "{notes}"
  while [ -e "{hold}" ]; do sleep 0.1; done
fi
exec "{go}" "$@"
"""


class Bench:
    """A folder with pins, sources, a cache of its own and a go that tells what it was asked."""

    def __init__(self, home: Path) -> None:
        self.home, self.cache = home, home / "cache"
        self.notes, self.hold = home / "notes", home / "hold"
        (home / "pins.toml").write_text(PINS)
        for name in ("alpha", "beta"):
            folder = home / "go" / name
            folder.mkdir(parents=True)
            (folder / "go.mod").write_text(f"module example.test/{name}\n\ngo 1.21\n")
            (folder / "main.go").write_text('package main\n\nfunc main() { println("built") }\n')
        self.path = home / "path"
        self.path.mkdir()
        self.executable("go", WRAPPER.format(notes=self.notes, hold=self.hold, go=GO))

    def executable(self, name: str, text: str) -> None:
        (self.path / name).write_text(text)
        (self.path / name).chmod(0o755)

    def start(self, *arguments: str, path: str | None = None) -> subprocess.Popen[str]:
        environment = os.environ | {
            "KARST_CACHE": str(self.cache),
            "PATH": path or f"{self.path}:/usr/bin:/bin",
        }
        environment.pop("KARST_TOOLS_BUILD", None)
        return subprocess.Popen(
            [sys.executable, BUILD, "--pins", self.home / "pins.toml", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            start_new_session=True,
        )

    def run(self, *arguments: str, path: str | None = None) -> tuple[int, str, str]:
        process = self.start(*arguments, path=path)
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err

    def builds(self) -> list[str]:
        lines = self.notes.read_text().splitlines() if self.notes.exists() else []
        return ["alpha" if "alpha" in line.split(" -o ")[1] else "beta" for line in lines]

    def sources(self) -> dict[str, str]:
        return {row["tool"]: row["source"] for row in json.loads(self.run("--json")[1])}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    if GO is None:
        pytest.skip("go is not on PATH")
    made = Bench(tmp_path)
    yield made
    made.hold.unlink(missing_ok=True)


def until(condition: object, what: str, deadline_s: float = 60) -> None:
    end = time.monotonic() + deadline_s
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, f"waited {deadline_s} s for {what}"
        time.sleep(0.05)


def test_builds_once_and_links(bench: Bench) -> None:
    assert bench.run()[0] == 0
    view = Path(bench.run("--print-bin")[1].strip())
    assert sorted(file.name for file in view.iterdir()) == ["alpha", "beta"]
    assert "built" in subprocess.run([view / "alpha"], capture_output=True, text=True, check=True).stderr
    assert bench.run()[0] == 0
    assert bench.builds() == ["alpha", "beta"]
    assert bench.sources() == {"alpha": "cache", "beta": "cache"}


def test_two_at_once_build_once(bench: Bench) -> None:
    bench.hold.touch()
    first = bench.start()
    until(bench.builds, "the first build")
    second = bench.start()
    assert second.stderr is not None
    assert "waiting for another run that builds alpha" in second.stderr.readline()
    bench.hold.unlink()
    assert first.wait(timeout=60) == 0
    assert second.wait(timeout=60) == 0
    assert bench.builds() == ["alpha", "beta"]


def test_a_killed_build_leaves_nothing_half(bench: Bench) -> None:
    bench.hold.touch()
    process = bench.start()
    until(bench.builds, "the build")
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert bench.sources()["alpha"] == "to build"
    bench.hold.unlink()
    assert bench.run()[0] == 0
    assert bench.sources() == {"alpha": "cache", "beta": "cache"}
    assert list((bench.cache / "tools").glob(".tmp-*")) == []


def test_a_changed_pin_builds_that_tool_alone(bench: Bench) -> None:
    assert bench.run()[0] == 0
    pins = bench.home / "pins.toml"
    pins.write_text(pins.read_text().replace("2.0.0", "2.0.1"))
    assert bench.sources() == {"alpha": "cache", "beta": "to build"}
    assert bench.run()[0] == 0
    assert bench.builds() == ["alpha", "beta", "beta"]


@pytest.mark.parametrize(
    ("shown", "source"),
    [("v1.2.3", "path"), ("v1.2.9", "path"), ("v1.2.2", "to build"), ("v1.3.0", "to build"), ("nothing", "to build")],
)
def test_a_fitting_copy_on_path_is_used(bench: Bench, shown: str, source: str) -> None:
    bench.executable("alpha", f"#!/bin/sh\necho {shown}\n")
    bench.executable("beta", "#!/bin/sh\n")
    assert bench.sources() == {"alpha": source, "beta": source}


def test_a_failed_build_says_why_and_where(bench: Bench) -> None:
    (bench.home / "go" / "alpha" / "main.go").write_text("package main\n\nfunc main() { nonsense }\n")
    code, _, err = bench.run()
    assert code == 1
    assert "undefined: nonsense" in err
    assert f"all: {bench.cache / 'tools' / 'alpha.log'}" in err
    assert bench.sources()["alpha"] == "to build"


def test_what_the_machine_lacks_is_named(bench: Bench) -> None:
    code, _, err = bench.run(path="/nonexistent")
    assert code == 1
    assert "go is not on PATH; install Go 1.21 or newer" in err


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("echo go1.19.8", "go1.19.8 is too old; Go 1.21 is needed"),
        ("echo no such toolchain >&2; exit 1", "go has no toolchain for alpha: no such toolchain"),
    ],
)
def test_a_go_that_cannot_build_is_named_before_anything_is_built(bench: Bench, answer: str, sentence: str) -> None:
    bench.executable("go", f"#!/bin/sh\n{answer}\n")
    code, _, err = bench.run()
    assert code == 1
    assert sentence in err
    assert bench.sources() == {"alpha": "to build", "beta": "to build"}


def test_an_unknown_tool_is_wrong_usage(bench: Bench) -> None:
    code, _, err = bench.run("--only", "gamma")
    assert code == 2
    assert "no such tool: gamma; there are alpha, beta" in err
