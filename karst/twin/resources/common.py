"""What several resources say alike."""

from __future__ import annotations

from datetime import UTC, datetime

from karst.twin.state import Json

OK: Json = {"State": "Enabled", "Health": "OK"}


def stamp(seconds: float) -> str:
    """Seconds since the epoch as Redfish writes time."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def allowable(name: str, values: object) -> Json:
    """The annotation that says what a property or parameter takes."""
    return {f"{name}@Redfish.AllowableValues": values}
