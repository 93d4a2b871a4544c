"""The provider as a program's resource: what opens BMCs and switches, what may be reset or destroyed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import pulumi
from pulumi import Input

__all__ = ["Provider", "ProviderArgs"]

_SECRET = ("credentials", "factory_credentials", "ca_key")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderArgs:
    """Configuration of the provider. Secrets may be given plain or as outputs; they are stored encrypted."""

    # The first five for racks alone.
    credentials: Input[Mapping[str, Mapping[str, str]]] | None = None  # generation -> {user, password}
    credential_generation: Input[int] | None = None  # the current one
    factory_credentials: Input[Mapping[str, Mapping[str, str]]] | None = None  # asset's reference -> {user, password}
    ca_certificate: Input[str] | None = None  # PEM
    ca_key: Input[str] | None = None  # PEM
    allow_reset: Input[Sequence[str]] | None = None  # servers that may be reset or powered off though active
    allow_reinstall: Input[Sequence[str]] | None = None  # servers that may be installed anew
    ssh_ca: Input[str] | None = None  # public key of the authority that signs the keys of hosts and switches
    ssh_config: Input[str] | None = None  # path of an OpenSSH client configuration for switches
    rollback_after_s: Input[int] | None = None  # when a switch takes back what nobody has confirmed
    allow_destroy: Input[bool] | None = None  # true in twin stacks: destroy powers off active servers too
    certificate_days: Input[int] | None = None  # how long a BMC's certificate is valid
    concurrency: Input[int] | None = None  # BMCs at once in the whole process
    timeout_s: Input[float] | None = None  # of one request to a BMC


class Provider(pulumi.ProviderResource):
    """The provider `karst`, configured."""

    def __init__(self, resource_name: str, args: ProviderArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        given = {each.name: getattr(args, each.name) for each in fields(args)}
        properties = {name: _encode(name, value) for name, value in given.items() if value is not None}
        super().__init__("karst", resource_name, properties, opts)


def _encode(name: str, value: Any) -> Any:
    """Provider properties travel as strings: what is none becomes JSON."""
    text = pulumi.Output.from_input(value).apply(lambda known: known) if isinstance(value, str) else None
    encoded = text if text is not None else _json(value)
    return pulumi.Output.secret(encoded) if name in _SECRET else encoded


def _json(value: Any) -> pulumi.Output[str]:
    # An output may hold a string (a PEM) or an object: only the latter is encoded.
    return pulumi.Output.from_input(value).apply(
        lambda known: known if isinstance(known, str) else pulumi.runtime.to_json(known)
    )
