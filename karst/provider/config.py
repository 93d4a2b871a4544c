"""The provider's configuration, checked; compound values may come as JSON text, as stack configuration gives them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, with_config

from karst.pki import Authority as SigningAuthority
from karst.pki import PkiError
from karst.provider.faults import Fault, faults_of
from karst.redfish.resource import Credential
from karst.redfish.trust import Authority

# A hall of 1,000 servers has 1,100 BMCs with its rack PDUs: with fewer at once it would take two rounds. So many have
# room in the 20,000 files that a process may usually open, and in half a gigabyte.
CONCURRENCY = 2048
TIMEOUT_S = 30.0
CERTIFICATE_DAYS = 365
ROLLBACK_AFTER_S = 60
_TEXTS = ("ca_certificate", "ca_key", "ssh_ca", "ssh_config")
# What opens BMCs: given as a whole, or not at all where there are only switches.
BMCS = ("credentials", "ca_certificate", "ca_key")
SECRET = ("credentials", "factory_credentials", "ca_key")


@with_config(ConfigDict(extra="forbid"))
@dataclass(frozen=True, kw_only=True)
class Login:
    """User and password of a BMC."""

    user: Annotated[str, Field(min_length=1)]
    password: Annotated[str, Field(min_length=1, repr=False)]


@with_config(ConfigDict(extra="forbid"))
@dataclass(frozen=True, kw_only=True)
class Configuration:
    """What the provider is told. Its repr shows no secret."""

    credentials: Annotated[
        Mapping[str, Login], Field(min_length=1, description="Generation -> user and password of the BMCs.")
    ] = field(default_factory=dict, repr=False)
    credential_generation: Annotated[int, Field(ge=1, description="The current generation.")] = 1
    factory_credentials: Annotated[
        Mapping[str, Login], Field(description="Reference in assets.csv -> user and password as delivered.")
    ] = field(default_factory=dict, repr=False)
    ca_certificate: Annotated[str, Field(description="PEM of the site's CA.")] = ""
    ca_key: Annotated[str, Field(description="PEM of the key of the site's CA.")] = field(default="", repr=False)
    allow_reset: Annotated[
        Sequence[str], Field(description="Servers that may be reset or powered off although they are active.")
    ] = ()
    allow_reinstall: Annotated[
        Sequence[str], Field(description="Servers that may be installed anew: what is on their disks is lost.")
    ] = ()
    ssh_ca: Annotated[
        str | None,
        Field(description="Public key (OpenSSH) of what signs the keys of hosts and switches."),
    ] = None
    ssh_config: Annotated[
        str | None, Field(description="Path of an OpenSSH client configuration for switches; else the operator's own.")
    ] = None
    rollback_after_s: Annotated[
        int, Field(ge=5, le=3600, description="When a switch takes a change back that nobody has confirmed.")
    ] = ROLLBACK_AFTER_S
    allow_destroy: Annotated[bool, Field(description="Destroy powers off active servers too: for twins only.")] = False
    certificate_days: Annotated[
        int, Field(ge=1, le=825, description="How long a BMC's certificate is valid; a new generation renews it.")
    ] = CERTIFICATE_DAYS
    concurrency: Annotated[int, Field(ge=1, description="BMCs at once in the whole process.")] = CONCURRENCY
    timeout_s: Annotated[float, Field(gt=0, description="Of one request to a BMC.")] = TIMEOUT_S

    @cached_property
    def authority(self) -> Authority:
        """What BMCs are verified by."""
        return Authority(self.ca_certificate)

    @cached_property
    def signer(self) -> SigningAuthority:
        """What signs their certificates. Raises PkiError."""
        return SigningAuthority.load(self.ca_certificate, self.ca_key)

    def credential(self, generation: int) -> Credential | None:
        """The BMCs' credential of a generation."""
        login = self.credentials.get(str(generation))
        return Credential(login.user, login.password) if login else None

    def factory(self, reference: str) -> Credential | None:
        """The factory's credential that an asset names."""
        login = self.factory_credentials.get(reference)
        return Credential(login.user, login.password) if login else None

    def generations(self, generation: int) -> tuple[int, ...]:
        """Which to try, newest first: the rack's, the one before it, and the current, should a rotation have died."""
        known = sorted((int(each) for each in self.credentials if each.isdecimal()), reverse=True)
        before = next((each for each in known if each < generation), None)
        wanted = (
            {self.credential_generation, generation, before}
            if self.credential_generation > generation
            else {generation, before}
        )
        return tuple(each for each in known if each in wanted)


_ADAPTER = TypeAdapter(Configuration)


def lacking(found: Configuration, needs: Sequence[str]) -> list[Fault]:
    """What of `needs` the configuration does not have."""
    return [Fault(name, "is not given, and needed") for name in needs if not getattr(found, name)]


def parse(values: Mapping[str, Any], needs: Sequence[str] = ()) -> tuple[Configuration | None, list[Fault]]:
    """The configuration, or every fault in it; `needs` may not be absent. No fault repeats a value."""
    decoded = {
        key: _decode(key, value)
        for key, value in values.items()
        if key not in ("version", "__internal", "pluginDownloadURL")
    }
    try:
        found = _ADAPTER.validate_python(decoded)
    except ValidationError as error:
        return None, faults_of(error)
    for_bmcs = BMCS if any(name in decoded for name in (*BMCS, "factory_credentials")) else ()
    faults = lacking(found, tuple(dict.fromkeys((*needs, *for_bmcs))))
    if not for_bmcs or faults:
        return (None, faults) if faults else (found, [])
    if found.credential(found.credential_generation) is None:
        faults.append(
            Fault("credentials", f"has no generation {found.credential_generation}, which is the current one")
        )
    try:
        _ = found.signer
    except PkiError as error:
        faults.append(Fault("ca_key", str(error)))
    return (None, faults) if faults else (found, [])


def _decode(key: str, value: Any) -> Any:
    if key in _TEXTS or not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
