"""What a program declares: one dataclass a resource, from which the schema is made and by which inputs are checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, with_config

from karst.site.base import Status

Power = Literal["On", "Off"]

_STRICT = ConfigDict(extra="forbid")

# Field(description=…) becomes the schema's description.
Endpoint = Annotated[
    str, Field(pattern=r"^https://[^/@\s]+$", description="Where the BMC answers: https, host and port, no path.")
]
Sha256 = Annotated[
    str,
    Field(
        pattern=r"^[0-9a-f]{64}$",
        description="SHA-256 of the factory certificate (DER, lower-case hex); absent when not delivered.",
    ),
]
Serial = Annotated[str, Field(min_length=1, description="Serial number as delivered; absent when not delivered.")]
Uuid = Annotated[
    str,
    Field(
        pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
        description="UUID as delivered; absent when not delivered.",
    ),
]
FactoryCredential = Annotated[
    str,
    Field(min_length=1, description="Names one of the provider's `factory_credentials`; absent when not delivered."),
]


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A person's hand on a device: it is read, never written."""

    who: Annotated[str, Field(min_length=1, description="Who holds it.")]
    why: Annotated[str, Field(min_length=1, description="Why.")]
    until: Annotated[str, Field(min_length=1, description="Until when, ISO date.")]


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceArgs:
    """What servers and rack PDUs have in common."""

    endpoint: Endpoint
    status: Annotated[Status, Field(description="Lifecycle status, NetBox's words.")]
    hold: Annotated[Hold | None, Field(description="Who holds the device, if anybody.")] = None
    serial_number: Serial | None = None
    uuid: Uuid | None = None
    certificate_sha256: Sha256 | None = None
    factory_credential: FactoryCredential | None = None

    @property
    def delivered(self) -> bool:
        """Whether the asset list knows who this is."""
        return None not in (self.serial_number, self.uuid, self.certificate_sha256, self.factory_credential)


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class ServerArgs(DeviceArgs):
    """A server as declared."""

    power: Annotated[Power, Field(description="Whether it shall run.")] = "On"
    asset_tag: Annotated[str | None, Field(description="Asset tag; absent: left as it is.")] = None
    settings: Annotated[Mapping[str, str], Field(description="BIOS attributes in the maker's words.")] = field(
        default_factory=dict
    )
    branches: Annotated[
        Sequence[str],
        Field(description="Branch circuits it hangs on, `<pdu>/<branch>`: power-on is staggered by them."),
    ] = ()
    failure_domain: Annotated[
        str | None, Field(description="Of one failure domain only one server is reset at a time.")
    ] = None
    image: Annotated[
        str | None,
        Field(
            pattern=r"^https?://[^/\s]+/\S+$",
            description="Installer to install once it is active, as its BMC fetches it; absent: others install it.",
        ),
    ] = None
    host: Annotated[
        str | None,
        Field(pattern=r"^[^:/@\s]+:[0-9]+$", description="Address and port at which its host answers by SSH."),
    ] = None


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class PduArgs(DeviceArgs):
    """A rack PDU as declared."""

    outlets_off: Annotated[
        Sequence[str], Field(description="Outlets that shall be off, by the PDU's ids; all others are on.")
    ] = ()


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class RackArgs:
    """A rack: its servers and rack PDUs, worked on at once."""

    name: Annotated[str, Field(min_length=1, description="Name of the rack; becomes the resource's id.")]
    credential_generation: Annotated[int, Field(ge=1, description="Which of the credentials its BMCs carry.")]
    servers: Annotated[Mapping[str, ServerArgs], Field(description="By full name.")] = field(default_factory=dict)
    pdus: Annotated[Mapping[str, PduArgs], Field(description="By full name.")] = field(default_factory=dict)


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class HallArgs:
    """A hall's racks: guards against a rack with active servers vanishing from the program."""

    name: Annotated[str, Field(min_length=1, description="Name of the hall; becomes the resource's id.")]
    racks: Annotated[Mapping[str, int], Field(description="Rack name -> how many of its servers are active.")] = field(
        default_factory=dict
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RackState:
    """What a rack's outputs say beside its name; the inputs are not repeated, which halves the state."""

    name: Annotated[str, Field(description="Name of the rack.")]
    observed: Annotated[
        Mapping[str, Mapping[str, Any]],
        Field(description="Device -> what was seen last: power, credential generation, settings not yet in effect."),
    ]
    reset_pending: Annotated[
        Sequence[str],
        Field(description="Servers with staged settings that need a reset; consent by `karst:allow_reset`."),
    ]
    reinstall_pending: Annotated[
        Sequence[str],
        Field(description="Servers with another image than declared; consent by `karst:allow_reinstall`."),
    ]
    failed: Annotated[Mapping[str, str], Field(description="Device -> why it is not as declared.")]
    held: Annotated[Sequence[str], Field(description="Devices under a hold: read, never written.")]
    servers_on: Annotated[int, Field(description="How many servers were seen running.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class HallState:
    """A hall's outputs."""

    name: Annotated[str, Field(description="Name of the hall.")]
    racks: Annotated[Mapping[str, int], Field(description="Rack name -> how many of its servers are active.")]


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchArgs:
    """A switch and all that it routes by."""

    name: Annotated[str, Field(min_length=1, description="Full name of the switch; becomes the resource's id.")]
    endpoint: Annotated[
        str, Field(pattern=r"^.+:\d+$", description="Where its sshd answers, out of band: address and port.")
    ]
    configuration: Annotated[
        str, Field(pattern=r"\n$", description="Its whole frr.conf, in the form in which FRR shows what runs.")
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchState:
    """What a switch's outputs say; the configuration is not repeated."""

    name: Annotated[str, Field(description="Name of the switch.")]
    sessions: Annotated[int, Field(description="BGP sessions that were established after the last change.")]


def wire(value: Any) -> Any:
    """As plain property values: dataclasses become dicts, what is None is left out, all else (outputs too) passes."""
    if is_dataclass(value) and not isinstance(value, type):
        pairs = ((each.name, getattr(value, each.name)) for each in fields(value))
        return {name: wire(inner) for name, inner in pairs if inner is not None}
    if isinstance(value, Status):
        return value.value
    if isinstance(value, Mapping):
        return {name: wire(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [wire(inner) for inner in value]
    return value
