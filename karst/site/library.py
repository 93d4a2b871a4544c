"""Reads `hardware/`: device types at `<manufacturer>/<model>.yml`, their specs at `spec/<slug>.yml`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from karst.site.hardware import DeviceType, SpecFile, SpecKind
from karst.site.problems import Problems
from karst.site.read import Document, read


@dataclass(frozen=True, slots=True)
class Library:
    """What was found, by the slug of the device type."""

    device_types: dict[str, Document[DeviceType]]
    specs: dict[str, Document[SpecFile]]


def read_hardware(hardware_dir: Path, problems: Problems) -> Library:
    """Return every device type and spec under `hardware_dir`."""
    library = Library({}, {})
    for path in sorted(hardware_dir.glob("*/*.y*ml")):
        file = f"hardware/{path.relative_to(hardware_dir).as_posix()}"
        if path.parent.name == "spec":
            _spec(read(path, file, SpecFile, problems), path.stem, library, problems)
        else:
            _device_type(read(path, file, DeviceType, problems), library, problems)
    if not library.device_types:
        problems.error("hardware", 1, "there are no device types", "files such as hardware/<manufacturer>/<model>.yml")
    return library


def _device_type(document: Document[DeviceType], library: Library, problems: Problems) -> None:
    slug = document.model.slug if document.model else _written_slug(document)
    first = library.device_types.setdefault(slug, document)
    if first is not document:
        problems.error(
            document.file, document.line("slug"), f'slug "{slug}" is that of {first.file} too', "every slug once"
        )


def _written_slug(document: Document[DeviceType]) -> str:
    """Return the slug of a file with faults, so that racks which use it are not called wrong as well."""
    value = document.root.value if document.root else None
    slug = value["slug"].value if isinstance(value, dict) and "slug" in value else None
    manufacturer, _, model = document.file.removeprefix("hardware/").rpartition(".")[0].partition("/")
    return slug if isinstance(slug, str) else f"{manufacturer}-{model}".lower()


def _spec(document: Document[SpecFile], stem: str, library: Library, problems: Problems) -> None:
    spec = document.model
    library.specs[stem] = document
    if spec is None:
        return
    if spec.device_type != stem:
        problems.error(
            document.file,
            document.line("device_type"),
            f'device_type "{spec.device_type}" in {stem}.yml',
            f"device_type {stem}",
        )
    given = [kind.value for kind in SpecKind if getattr(spec, kind) is not None]
    if given != [spec.kind.value]:
        found = " and ".join(given) or "none of server, rack_pdu and switch"
        problems.error(
            document.file,
            document.line("kind"),
            f"kind is {spec.kind.value}, and there is {found}",
            f"{spec.kind.value} alone",
        )
