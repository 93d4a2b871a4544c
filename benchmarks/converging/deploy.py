"""What the roles do, in pyinfra's own words. Run by pyinfra, not by Python."""

from __future__ import annotations

import json
import os
import shlex
from io import StringIO
from pathlib import Path

from pyinfra import host
from pyinfra.operations import apt, files, server, systemd

WORK = json.loads(Path(os.environ["KARST_WORK"]).read_text())[host.name]

apt.packages(name="Packages", packages=WORK["packages"], no_recommends=True)
apt.packages(name="No such packages", packages=WORK["packages_absent"], present=False)

laid = {}
for file in WORK["files"]:
    path = file["path"]
    if file["link"] is not None:
        laid[path] = files.link(name=path, path=path, target=file["link"])
    elif file["content"] is None:
        laid[path] = files.file(name=path, path=path, present=False)
    else:
        laid[path] = files.put(
            name=path,
            src=StringIO(file["content"]),
            dest=path,
            user=file["owner"],
            group=file["group"],
            mode=file["mode"],
        )

for command in WORK["commands"]:
    followed = [laid[path] for path in command["follows"]]
    server.shell(
        name=" ".join(command["run"]),
        commands=[shlex.join(command["run"])],
        _if=lambda followed=followed: any(each.did_change() for each in followed),
    )

for service in WORK["services"]:
    followed = [laid[path] for path in service["follows"]]
    name = service["name"]
    if service["state"] == "masked":
        systemd.service(name=name, service=name, running=False)
        files.link(name=f"{name} is masked", path=f"/etc/systemd/system/{name}", target="/dev/null")
    elif service["state"] == "stopped":
        systemd.service(name=name, service=name, running=False, enabled=False)
    else:
        systemd.service(name=name, service=name, running=True, enabled=True)
        if followed:
            systemd.service(
                name=f"{name} follows",
                service=name,
                reloaded=service["reload"],
                restarted=not service["reload"],
                _if=lambda followed=followed: any(each.did_change() for each in followed),
            )
