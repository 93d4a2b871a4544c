"""Words that every file of a site shares: names, lifecycle status, hold."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

# RFC 1123 DNS label: names become host names, Kubernetes names and file names without translation.
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", max_length=63)]

# Distribution paths are letters in the field ("path A", "path B").
PathName = Annotated[str, StringConstraints(pattern=r"^[A-Z]$")]


class Model(BaseModel):
    """A frozen piece of a site; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Status(StrEnum):
    """Lifecycle status of a device, NetBox's words.

    planned: does not exist yet, nobody touches it. staged: delivered and under test; may be reset.
    active: carries tenants; never reset without consent. offline: kept powered off. failed: left alone.
    decommissioning: leaving; may be powered off and removed.
    """

    PLANNED = "planned"
    STAGED = "staged"
    ACTIVE = "active"
    OFFLINE = "offline"
    FAILED = "failed"
    DECOMMISSIONING = "decommissioning"


class Hold(Model):
    """A person's hand on a device: it is read, never written, until the hold is lifted."""

    who: Annotated[str, StringConstraints(min_length=1)]
    why: Annotated[str, StringConstraints(min_length=1)]
    until: date


class Component(Model):
    """Anything with a lifecycle."""

    status: Status = Status.ACTIVE
    hold: Hold | None = None


class SiteFile(Model):
    """Head of every site file.

    `schema` is the version of the file's form. `assumed` maps a dotted path of this file (`halls.h01`) to the
    reason why its value was assumed rather than known.
    """

    schema_version: Annotated[Literal[1], Field(alias="schema")]
    assumed: dict[str, str] = {}
