"""The host image: its name, and what it says where it cannot be made. That it works is what the twin's hosts show."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

TOOLS = Path(__file__).resolve().parents[2] / "tools"


def run(tools: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(tools / "image.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | environment)


def name(tools: Path) -> str:
    done = run(tools, "--name")
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_name_is_that_of_the_recipe(tmp_path: Path) -> None:
    copy = shutil.copytree(TOOLS, tmp_path / "tools")
    assert name(copy) == name(TOOLS)
    assert name(copy).startswith("localhost/karst/host:")
    packages = copy / "host_image" / "packages.txt"
    packages.write_text(packages.read_text() + "# a comment more\n")
    assert name(copy) == name(TOOLS)
    packages.write_text(packages.read_text() + "lynx\n")
    other = name(copy)
    assert other != name(TOOLS)
    (copy / "host_image" / "files" / "etc" / "motd").write_text("welcome\n")
    assert name(copy) not in (other, name(TOOLS))


def test_what_the_machine_lacks_is_named(tmp_path: Path) -> None:
    # Nothing on PATH: neither podman nor an apt-get that could install it.
    done = run(TOOLS, PATH=str(tmp_path), KARST_CACHE=str(tmp_path / "cache"))
    assert done.returncode == 1
    assert "this machine lacks podman, runc, mmdebstrap" in done.stderr


def test_a_mirror_that_does_not_answer_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for program in ("podman", "runc", "iptables"):
        (programs / program).write_text("#!/bin/sh\nexit 1\n")
    (programs / "apt-get").write_text("#!/bin/sh\necho bookworm http://mirror.invalid/debian/ main\n")
    (programs / "mmdebstrap").write_text("#!/bin/sh\necho $* >&2\necho E: no mirror >&2\nexit 25\n")
    for program in programs.iterdir():
        program.chmod(0o755)
    cache = tmp_path / "cache"
    done = run(TOOLS, PATH=f"{programs}:/usr/bin:/bin", KARST_CACHE=str(cache))
    assert done.returncode == 1, done.stderr
    assert "E: no mirror" in done.stderr
    assert "deb http://mirror.invalid/debian/ bookworm main" in (cache / "images" / "host.log").read_text()
    assert sorted(file.name for file in (cache / "images").iterdir()) == [".lock-host", "host.log"]
