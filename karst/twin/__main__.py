"""`python -m karst.twin`: the twin of a site, in the foreground. `karst twin up` starts it in the background."""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields
from ipaddress import IPv4Network
from pathlib import Path

from karst.plan.model import PlanError
from karst.site.problems import SiteError
from karst.twin.home import Home, TwinError
from karst.twin.run import Options, run
from karst.twin.world import Timing


def _timing(text: str) -> Timing:
    known = {field.name for field in fields(Timing)}
    values: dict[str, float] = {}
    for part in filter(None, text.split(",")):
        name, _, value = part.partition("=")
        if name not in known:
            raise argparse.ArgumentTypeError(f"there is no time {name}; there are {', '.join(sorted(known))}")
        values[name] = float(value)
    return Timing(**values)


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to end. Exit code 0; 1 with a sentence on standard error; 2 for wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m karst.twin", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="folder of the twin's state, .karst/twin in a clone")
    parser.add_argument("--site", type=Path, required=True, help="folder of the site, sites/lab")
    parser.add_argument("--hardware", type=Path, help="folder of device types; beside the site's own unless given")
    parser.add_argument("--port", type=int, help="port of all BMCs, 0 for any; the workspace's unless given")
    parser.add_argument("--prefix", type=IPv4Network, help="what takes the place of the site's out-of-band prefix")
    parser.add_argument("--hall", action="append", default=[], help="serve only this hall; may be given more than once")
    parser.add_argument("--bin-dir", type=Path, help="folder of etcd and the Kubernetes daemons; PATH unless given")
    parser.add_argument("--no-control-plane", action="store_true", help="serve BMCs only")
    parser.add_argument("--host-image", help="podman's name of the host image; BMCs alone unless given")
    parser.add_argument("--ssh-port", type=int, help="port of all hosts' sshd; the workspace's unless given")
    parser.add_argument("--timing", type=_timing, default=Timing(), help="seconds, such as power_on_s=0.5,task_s=0.1")
    given = parser.parse_args(arguments)
    options = Options(
        home=Home(given.home.absolute()),
        site=given.site,
        hardware=given.hardware or given.site.resolve().parent.parent / "hardware",
        port=given.port,
        prefix=given.prefix,
        halls=frozenset(given.hall),
        bin_dir=given.bin_dir,
        control_plane=not given.no_control_plane,
        timing=given.timing,
        host_image=given.host_image,
        ssh_port=given.ssh_port,
    )
    try:
        run(options)
    except (SiteError, PlanError) as fault:
        sys.stderr.write("".join(f"{problem}\n" for problem in fault.problems))
        return 1
    except (TwinError, OSError, ValueError) as fault:
        sys.stderr.write(f"{fault}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
