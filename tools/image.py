"""Make the host image: Debian 12 with systemd, sshd and python3, in podman. `make image` runs it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import cache
import debian
import host_image

EPILOG = """\
Packages come from the Debian mirror that this machine's apt is configured for, so an air-gapped site needs that mirror
and nothing else. What the machine lacks (podman, runc, mmdebstrap, FRR, …) is installed when this runs as root, and
named when not. The packed image is kept in $KARST_CACHE (default ~/.cache/karst), keyed by its recipe in
tools/host_image: a changed recipe makes a new image beside the old. Safe to interrupt and to run twice. --fresh makes
it anew with today's packages, for security updates.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0: podman has the image, whose name is printed; 1: it failed, or the machine lacks something."""
    arguments = _parser().parse_args(argv)
    recipe = host_image.load()
    if arguments.name:
        sys.stdout.write(f"{recipe.name}\n")
        return 0
    images = cache.root() / "images"
    try:
        with cache.locked(images, "host", "image: waiting for another run that makes the host image"):
            debian.provide()
            _make(recipe, images, fresh=arguments.fresh)
    except debian.ImageError as error:
        sys.stderr.write(f"image: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nimage: interrupted; nothing half is left\n")
        return 130
    sys.stdout.write(f"{recipe.name}\n")
    return 0


def _make(recipe: host_image.Recipe, images: Path, *, fresh: bool) -> None:
    packed = images / recipe.key
    if fresh and packed.exists():
        # Named so that the next `whole` sweeps it: nothing half bears the key.
        packed.rename(images / f".tmp-host.{recipe.key}")
    if not packed.exists():
        with cache.whole(packed, "host") as folder:
            host_image.pack(recipe, debian.sources(recipe.suite), folder, images / "host.log")
    elif host_image.imported(recipe):
        return
    host_image.bring_in(recipe, packed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tools/image.py", description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--build", action="store_true", help="make the image if it is not there (the default)")
    what.add_argument("--fresh", action="store_true", help="make it anew, with the mirror's packages of today")
    what.add_argument("--name", action="store_true", help="print the image's name, make nothing")
    return parser


if __name__ == "__main__":
    sys.exit(main())
