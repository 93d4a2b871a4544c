"""The module karst_files, by Ansible, on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="files of root are laid by root"),
]


def play(arguments: dict[str, Any], *options: str) -> dict[str, Any]:
    """Return the result of the module, with `rc`."""
    command = [BIN / "ansible", "localhost", "-i", "localhost,", "-c", "local", "-m", "karst_files"]
    command += ["-a", json.dumps(arguments), *options]
    environment = os.environ | {
        "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
        "ANSIBLE_LOAD_CALLBACK_PLUGINS": "true",
        "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
    }
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    result = json.loads(done.stdout)["plays"][0]["tasks"][0]["hosts"]["localhost"]
    assert isinstance(result, dict)
    return result


def test_files_are_laid_left_alone_repaired_and_removed(tmp_path: Path) -> None:
    path, link = tmp_path / "new" / "a.conf", tmp_path / "link"
    files = [{"path": str(path), "content": "text\n", "mode": "0640"}, {"path": str(link), "link": str(ROOT)}]
    first = play({"files": files})
    assert first["actions"] == [f"{path} is made", f"{link} is made"]
    assert (path.read_text(), path.stat().st_mode & 0o777, link.readlink()) == ("text\n", 0o640, ROOT)
    assert play({"files": files})["changed"] is False
    path.chmod(0o666)
    link.unlink()
    assert play({"files": files})["changed"] is True
    assert (path.stat().st_mode & 0o777, link.readlink()) == (0o640, ROOT)
    assert play({"files": [{"path": str(path), "absent": True}]})["actions"] == [f"{path} is removed"]
    assert not path.exists()
    assert [file.name for file in path.parent.iterdir()] == []


def test_a_trial_shows_the_difference_and_does_nothing(tmp_path: Path) -> None:
    path, flag = tmp_path / "a.conf", tmp_path / "flag"
    arguments = {
        "files": [
            {"path": str(path), "content": "seen\n"},
            {"path": str(tmp_path / "key"), "content": "hidden\n", "secret": True},
        ],
        "commands": [{"run": ["touch", str(flag)], "follows": [str(path)]}],
    }
    result = play(arguments, "--check", "--diff")
    assert result["changed"] is True
    assert list(tmp_path.iterdir()) == []
    shown = json.dumps(result["diff"])
    assert "seen" in shown
    assert f"touch {flag} is run" in shown
    assert "hidden" not in json.dumps(result)


def test_every_fault_is_told_at_once_and_nothing_is_laid(tmp_path: Path) -> None:
    good = {"path": str(tmp_path / "good"), "content": "good\n"}
    result = play(
        {
            "files": [
                good,
                good,
                {"path": str(tmp_path / "sudo"), "content": "nonsense here\n", "check": ["sh", "-n", "%s", "-c", "("]},
                {"path": str(tmp_path / "whose"), "content": "", "owner": "nobody-of-this-name"},
                {"path": str(tmp_path / "link"), "link": "/nowhere/at/all"},
                {"path": str(tmp_path / "tool"), "content": "", "check": ["no-such-tool", "%s"]},
            ],
            "services": [{"name": "no-such-unit.service"}],
        }
    )
    assert result["failed"] is True
    for part in (
        f"{good['path']} is asked for twice",
        "nobody-of-this-name",
        "there is no /nowhere/at/all to point to",
        "no-such-tool, which this host does not have",
        "no-such-unit.service shall be running, and no package of this host has it",
    ):
        assert part in result["msg"]
    assert list(tmp_path.iterdir()) == []


def test_a_check_refuses_content_before_it_is_laid(tmp_path: Path) -> None:
    path = tmp_path / "profile.sh"
    path.write_text("true\n")
    result = play({"files": [{"path": str(path), "content": "if then\n", "check": ["sh", "-n", "%s"]}]})
    assert result["msg"].startswith(f"sh refuses the new {path}: ")
    assert path.read_text() == "true\n"


def test_what_did_not_follow_a_changed_file_follows_in_the_next_run(tmp_path: Path) -> None:
    path, ready, count = tmp_path / "a.conf", tmp_path / "ready", tmp_path / "count"
    arguments = {
        "files": [{"path": str(path), "content": "one\n"}],
        "commands": [{"run": ["sh", "-c", f"test -e {ready} && echo >> {count}"], "follows": [str(path)]}],
    }
    assert play(arguments)["failed"] is True
    assert path.read_text() == "one\n"
    ready.touch()
    again = play(arguments)
    assert (again["changed"], len(again["actions"])) == (True, 1)
    assert play(arguments)["changed"] is False
    assert count.read_text() == "\n"


def test_a_command_makes_good_what_its_condition_misses(tmp_path: Path) -> None:
    made = tmp_path / "made"
    arguments = {"commands": [{"run": ["touch", str(made)], "unless": ["test", "-e", str(made)]}]}
    assert play(arguments)["changed"] is True
    assert play(arguments)["changed"] is False
    made.unlink()
    assert play(arguments)["changed"] is True


def test_packages_that_are_as_they_shall_be_are_left_alone() -> None:
    asked = {"packages": ["dpkg", "base-files"], "packages_absent": ["no-such-package"]}
    assert (play(asked)["changed"], play(asked)["actions"]) == (False, [])


def test_a_trial_tells_of_packages_and_installs_none(tmp_path: Path) -> None:
    path = tmp_path / "a.conf"
    # Its program would check the file, so a trial has to do without.
    arguments = {
        "packages": ["no-such-package"],
        "files": [{"path": str(path), "content": "", "check": ["no-such-program", "%s"]}],
    }
    result = play(arguments, "--check", "--diff")
    assert result["actions"] == ["no-such-package is installed", f"{path} is made"]
    assert "no-such-package is installed" in json.dumps(result["diff"])
    failed = play(arguments)
    assert failed["failed"] is True
    assert "no-such-package" in failed["msg"]
    assert not path.exists()


def test_a_package_is_not_wanted_and_unwanted() -> None:
    result = play({"packages": ["dpkg"], "packages_absent": ["dpkg"]})
    assert result["msg"] == "dpkg shall be installed and purged"


def test_what_only_a_container_has_is_removed_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "container.conf"
    path.write_text("")
    files = [{"path": str(path), "content": "", "container_only": True}]
    in_container = subprocess.run(["systemd-detect-virt", "--quiet", "--container"], check=False).returncode == 0
    assert play({"files": files})["changed"] is not in_container
    assert path.exists() is in_container
