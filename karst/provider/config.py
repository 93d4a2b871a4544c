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
_TEXTS = ("ca_certificate", "ca_key", "ssh_ca")
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
    ] = field(repr=False)
    credential_generation: Annotated[int, Field(ge=1, description="The current generation.")]
    factory_credentials: Annotated[
        Mapping[str, Login], Field(description="Reference in assets.csv -> user and password as delivered.")
    ] = field(repr=False)
    ca_certificate: Annotated[str, Field(description="PEM of the site's CA.")]
    ca_key: Annotated[str, Field(description="PEM of the key of the site's CA.")] = field(repr=False)
    allow_reset: Annotated[
        Sequence[str], Field(description="Servers that may be reset or powered off although they are active.")
    ] = ()
    allow_reinstall: Annotated[
        Sequence[str], Field(description="Servers that may be installed anew: what is on their disks is lost.")
    ] = ()
    ssh_ca: Annotated[
        str | None, Field(description="Public key (OpenSSH) of the authority that signs the keys of hosts.")
    ] = None
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


def parse(values: Mapping[str, Any]) -> tuple[Configuration | None, list[Fault]]:
    """The configuration, or every fault in it. No fault repeats a value."""
    decoded = {
        key: _decode(key, value)
        for key, value in values.items()
        if key not in ("version", "__internal", "pluginDownloadURL")
    }
    try:
        found = _ADAPTER.validate_python(decoded)
    except ValidationError as error:
        return None, faults_of(error)
    faults = []
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
