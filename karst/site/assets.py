"""`assets.csv`: what was delivered, as vendors send it; a repaired machine is one changed line."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from karst.site.base import Model, Name


class Asset(Model):
    """One delivered device. `device` is its name in the plan (`h1-r1-01-s03`, `h1-r1-01-pdu-a`)."""

    device: Name
    serial_number: Annotated[str, Field(min_length=1)]
    uuid: UUID
    bmc_mac: Annotated[str, Field(pattern=r"^([0-9a-f]{2}:){5}[0-9a-f]{2}$")]
    # SHA-256 of the factory certificate in DER, lower-case hex.
    certificate_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    # Names a secret (user and password) that the provider's configuration holds; never the secret itself.
    factory_credential: Name
