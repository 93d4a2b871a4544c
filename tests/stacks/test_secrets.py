"""No secret lies in clear where it does not belong, and every connection is verified."""

from __future__ import annotations

import base64
import re
import stat
from collections.abc import Iterator

import pytest
import yaml

from tests.stacks.clone import ROOT, Clone
from tests.stacks.conftest import Lab

lab_only = [pytest.mark.slow, pytest.mark.xdist_group("lab")]


def secrets_of(clone: Clone) -> dict[str, set[str]]:
    """Every secret by where it may lie, each in pieces that a search finds however it is wrapped."""
    known = clone.secrets
    passwords = {
        known["factory"]["password"],
        known["nut"]["password"],
        *(each["password"] for each in known["bmc"].values()),
    }
    found = {"secrets.json": passwords, "passphrase": {(clone.home / "passphrase").read_text().strip()}}
    for key in clone.home.rglob("*.key"):
        found[str(key.relative_to(clone.home))] = lines_of(key.read_text())
    for kubeconfig in clone.home.rglob("*.kubeconfig"):
        for user in yaml.safe_load(kubeconfig.read_text())["users"]:
            if data := user["user"].get("client-key-data"):
                pieces = {data, *lines_of(base64.b64decode(data).decode())}
                found[str(kubeconfig.relative_to(clone.home))] = pieces
    return found


def lines_of(pem: str) -> set[str]:
    """The lines of a key that are its own: the first is much the same in all."""
    return {line for line in pem.splitlines() if not line.startswith("-----")} - set(pem.splitlines()[:2])


def leaks(text: str, secrets: dict[str, set[str]]) -> list[str]:
    return [name for name, pieces in secrets.items() if any(piece in text for piece in pieces)]


def kept(clone: Clone) -> Iterator[tuple[str, str]]:
    """Name and content of every file that is not made to hold secrets."""
    for folder in (clone.home / "pulumi", clone.home / "pulumi-home", clone.home / "logs", clone.home / "twin"):
        for file in folder.rglob("*"):
            private = file.name.startswith("bmc.sqlite") or file.suffix in (".key", ".kubeconfig")
            if file.is_file() and not private:
                yield str(file.relative_to(clone.folder)), file.read_text(errors="replace")
    for file in (clone.folder / "stacks").glob("Pulumi.*.yaml"):
        yield str(file.relative_to(clone.folder)), file.read_text()


class TestLab:
    pytestmark = lab_only

    def test_no_secret_is_in_state_logs_configuration_or_what_was_said(self, built: Lab) -> None:
        clone = built.clone
        secrets = secrets_of(clone)
        assert {"secrets.json", "passphrase", "ca/ca.key"} <= secrets.keys()
        files = dict(kept(clone))
        assert {"stacks/Pulumi.lab-metal-h1.yaml", ".karst/twin/twin.log"} <= files.keys()
        assert any(name.startswith(".karst/pulumi/.pulumi/stacks/") for name in files)
        assert any(name.startswith(".karst/logs/") for name in files)
        assert {name: leaks(text, secrets) for name, text in files.items() if leaks(text, secrets)} == {}
        assert leaks(built.first.all, secrets) == []
        assert leaks(clone.karst("plan", "lab", "--format", "json").all, secrets) == []

    def test_none_is_in_an_exported_state_though_it_holds_them(self, lab: Clone) -> None:
        secrets = secrets_of(lab)
        export = "for stack in lab-metal-h1 lab-tenants; do pulumi stack export --stack $stack {}; done"
        exported, shown = lab.shell(export.format("")), lab.shell(export.format("--show-secrets"))
        assert leaks(exported.all, secrets) == []
        # The search does find them where they are.
        assert leaks(shown.out.replace("\\\\n", "\n").replace("\\n", "\n"), secrets) == ["secrets.json", "ca/ca.key"]

    def test_none_is_in_a_process_s_arguments_or_environment(self, built: Lab) -> None:
        assert any("pulumi-resource-karst" in word for word in built.words)
        assert "--secret" in built.words, "too seldom looked"
        secrets = secrets_of(built.clone)
        # Pulumi hands its program the configuration in this variable, which none but its user can read.
        program = {word for word in built.words if word.startswith("PULUMI_CONFIG=")}
        assert leaks("\n".join(program), {"passphrase": secrets["passphrase"]}) == []
        assert leaks("\n".join(built.words - program), secrets) == []

    def test_what_holds_secrets_is_its_owner_s_alone(self, lab: Clone) -> None:
        # Nobody else gets in, whatever the modes of what lies in there.
        for folder in (lab.home, *(lab.home / name for name in ("ca", "logs", "pulumi", "pulumi-home", "tmp", "twin"))):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder
        private = [lab.home / "secrets.json", lab.home / "passphrase", *lab.home.rglob("*.key")]
        private += [*lab.home.rglob("*.kubeconfig"), *lab.home.rglob("*.sqlite*"), *lab.home.rglob("*.sock")]
        # Pulumi's Kubernetes plugin writes its kubeconfig to TMPDIR, where another's would be found by anybody's `ls`.
        dropped = list((lab.home / "tmp").glob("kubeconfig*"))
        assert dropped
        private += dropped
        assert len(private) > 8
        assert {str(each): oct(each.stat().st_mode) for each in private if each.stat().st_mode & 0o077} == {}

    def test_kubectl_verifies_the_api(self, lab: Clone) -> None:
        kubeconfig = lab.home / "twin" / "control-plane" / "admin.kubeconfig"
        for each in yaml.safe_load(kubeconfig.read_text())["clusters"]:
            assert each["cluster"]["server"].startswith("https://")
            assert each["cluster"].keys() <= {"server", "certificate-authority", "certificate-authority-data"}
            assert len(each["cluster"]) == 2
        assert lab.shell("kubectl get namespaces").status == 0
        other = lab.shell(f"kubectl --certificate-authority {lab.home}/ca/ca.crt get namespaces")
        assert other.status != 0
        assert "certificate signed by unknown authority" in other.err


UNVERIFIED = re.compile(
    r"insecure.skip.tls|verify(_ssl)?\s*=\s*False|ssl\s*=\s*False|CERT_NONE|check_hostname\s*=\s*False"
    r"|_create_unverified|VerifyCA.{0,3}False|validate_certs:\s*(false|no)\b|curl\b.*\s(-k|--insecure)\b",
    re.IGNORECASE,
)


def test_nothing_of_ours_connects_unverified() -> None:
    folders = ("karst", "stacks", "sites", "hardware", "tools", "docs", "roles", "playbooks", ".ci")
    files = [each for folder in folders for each in (ROOT / folder).rglob("*") if each.is_file()]
    files += [ROOT / "__main__.py", ROOT / "Makefile", ROOT / "Pulumi.yaml"]
    found = {}
    for file in files:
        if file.suffix != ".pyc" and (hit := UNVERIFIED.search(file.read_text(errors="replace"))):
            found[str(file.relative_to(ROOT))] = hit[0]
    assert len(files) > 100
    assert found == {}
