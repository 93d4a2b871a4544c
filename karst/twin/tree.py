"""The resources of a BMC. A tree is built once for a device type and serves every device of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from karst.site.hardware import DeviceType, SpecFile, SpecKind
from karst.twin.bmc import Bmc
from karst.twin.errors import refuse
from karst.twin.messages import Answer, Ask, Change
from karst.twin.rules import Rules, put
from karst.twin.shapes import Shape
from karst.twin.state import Json, Settings

ROOT = "/redfish/v1"

Read = Callable[[Bmc], Json]
Post = Callable[[Bmc, Json, Ask], Change | Answer]
Patch = Callable[[Bmc, Json], Change]


@dataclass(frozen=True, slots=True)
class Resource:
    """What stands at one path. A missing callable means that the method is not allowed.

    `settings` says that a PATCH is kept as is and shown over what `read` gives; else `patch` makes the change.
    """

    path: str
    read: Read | None = None
    rules: Callable[[Bmc], Rules] | None = None
    patch: Patch | None = None
    post: Post | None = None
    delete: Callable[[Bmc], Change] | None = None
    settings: bool = False
    text: Callable[[Bmc], Answer] | None = None  # in place of read, where the body is not JSON or the status not 200
    privilege: str = "ConfigureComponents"
    self_account: str = ""  # the account that may change this resource by its own right

    @property
    def methods(self) -> list[str]:
        """Methods for the Allow header."""
        found = ["GET", "HEAD"] if self.read or self.text else []
        found += ["PATCH"] if self.rules else []
        found += ["POST"] if self.post else []
        return found + (["DELETE"] if self.delete else [])

    def body(self, bmc: Bmc) -> Json:
        """The resource as it is now, without its ETag."""
        if self.read is None:
            raise refuse(405, "OperationNotAllowed")
        made = self.read(bmc)
        if self.settings and bmc.has(Settings):
            for dotted, value in bmc.get(Settings).values.get(self.path, {}).items():
                put(made, dotted, value)
        return made


Members = Callable[[Bmc, str], Resource | None]


@dataclass(slots=True)
class Tree:
    """Resources by path. `members` finds those of collections that grow and shrink, by the collection's path."""

    shape: Shape
    type: DeviceType
    spec: SpecFile
    resources: dict[str, Resource] = field(default_factory=dict)
    members: dict[str, Members] = field(default_factory=dict)
    types: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        from karst.twin.resources import build

        build(self)

    @property
    def is_server(self) -> bool:
        """Whether the device is a server; else it is a rack PDU."""
        return self.spec.kind is SpecKind.SERVER

    @property
    def system(self) -> str:
        """Path of the system."""
        return f"{ROOT}/Systems/{self.shape.system_id}"

    @property
    def manager(self) -> str:
        """Path of the manager."""
        return f"{ROOT}/Managers/{self.shape.manager_id}"

    @property
    def chassis(self) -> str:
        """Path of the chassis."""
        return f"{ROOT}/Chassis/{self.shape.chassis_id}"

    @property
    def pdu(self) -> str:
        """Path of the rack PDU."""
        return f"{ROOT}/PowerEquipment/RackPDUs/{self.shape.pdu_id}"

    @property
    def log(self) -> str:
        """Path of the event log."""
        return f"{self.system if self.shape.log_on_system else self.manager}/LogServices/{self.shape.log_id}"

    def link(self, path: str) -> str:
        """The path as this shape writes links."""
        return path + "/" if path == ROOT or (self.shape.slash and "#" not in path) else path

    def ref(self, path: str) -> Json:
        """A link object."""
        return {"@odata.id": self.link(path)}

    def refs(self, paths: Iterable[str]) -> list[Json]:
        """Link objects."""
        return [self.ref(path) for path in paths]

    def head(self, path: str, type_: str, name: str, id_: str | None = None) -> Json:
        """What every resource starts with. `type_` is `Manager.v1_19_0`."""
        self.types.add(type_)
        return {
            "@odata.id": self.link(path),
            "@odata.type": f"#{type_}.{type_.split('.')[0]}",
            "Id": id_ or path.rsplit("/", 1)[1],
            "Name": name,
        }

    def add(
        self,
        path: str,
        type_: str,
        name: str,
        read: Read | Json,
        rules: Rules | Callable[[Bmc], Rules] | None = None,
        patch: Patch | None = None,
        post: Post | None = None,
        privilege: str = "ConfigureComponents",
    ) -> None:
        """A resource that is always there. `rules` without `patch`: plain settings."""
        head = self.head(path, type_, name)
        reading: Read = (lambda bmc: head | read(bmc)) if callable(read) else (lambda _: head | read)
        ruling = rules if callable(rules) else (lambda _: rules) if rules else None
        self.put(
            Resource(path, reading, ruling, patch, post, None, rules is not None and patch is None, None, privilege)
        )

    def put(self, resource: Resource) -> None:
        """A resource made by hand."""
        self.resources[resource.path] = resource

    def collection(
        self,
        path: str,
        type_: str,
        name: str,
        ids: Iterable[str] | Callable[[Bmc], Iterable[str]],
        post: Post | None = None,
        privilege: str = "ConfigureComponents",
        extra: Mapping[str, object] | None = None,
    ) -> None:
        """A collection; its members are added apart."""
        self.types.add(type_)
        head = {
            "@odata.id": self.link(path),
            "@odata.type": f"#{type_}.{type_}",
            "Name": name,
            **(extra or {}),
        }
        fixed = None if callable(ids) else list(ids)

        def read(bmc: Bmc) -> Json:
            found = fixed if fixed is not None else list(ids(bmc))  # type: ignore[operator]  # callable if not fixed
            return head | {
                "Members@odata.count": len(found),
                "Members": [self.ref(f"{path}/{each}") for each in found],
            }

        self.put(Resource(path, read, post=post, privilege=privilege))

    def action(
        self, owner: str, name: str, post: Post, privilege: str = "ConfigureComponents", info: Json | None = None
    ) -> Json:
        """An action `Manager.Reset` of the resource at `owner`; its entry for the owner's `Actions`."""
        path = f"{owner}/Actions/{name}"
        self.put(Resource(path, post=post, privilege=privilege))
        return {f"#{name}": {"target": self.link(path), **(info or {})}}

    def find(self, bmc: Bmc, path: str) -> Resource:
        """The resource at `path`. Raises RedfishError (404)."""
        found = self.resources.get(path)
        if found is None:
            parent, _, key = path.rpartition("/")
            members = self.members.get(parent)
            found = members(bmc, key) if members else None
        if found is None:
            raise refuse(404, "ResourceMissingAtURI", path)
        return found
