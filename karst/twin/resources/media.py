"""Virtual media: images that a server sees as a drive."""

from __future__ import annotations

from urllib.parse import urlsplit

from karst.twin.bmc import Bmc
from karst.twin.errors import refuse
from karst.twin.messages import Ask, Change
from karst.twin.operations import operation
from karst.twin.rules import Rule, parameters
from karst.twin.state import Json, Media
from karst.twin.tree import Patch, Post, Resource, Tree

_KIND = "VirtualMedia.v1_6_4"
_SCHEMES = {"http": "HTTP", "https": "HTTPS", "nfs": "NFS", "cifs": "CIFS"}


def _is_image(value: object) -> bool:
    parts = urlsplit(str(value))
    return parts.scheme in _SCHEMES and bool(parts.netloc)


_INSERT = {
    "Image": Rule(accept=_is_image, high=1024),
    "Inserted": Rule(bool, choices=(True,)),
    "WriteProtected": Rule(bool),
    "MediaType": Rule(),
    "TransferMethod": Rule(choices=("Stream",)),
    "TransferProtocolType": Rule(choices=tuple(_SCHEMES.values())),
}
_PATCH = {"Image": Rule(accept=_is_image, nullable=True), "Inserted": Rule(bool), "WriteProtected": Rule(bool)}


def build(tree: Tree) -> None:
    """The virtual drives: with actions, or written to directly, as the shape has it."""
    path = f"{tree.system if tree.shape.media_on_system else tree.manager}/VirtualMedia"
    tree.collection(path, "VirtualMediaCollection", "Virtual media", tree.shape.media)
    for index, each in enumerate(tree.shape.media):
        drive = f"{path}/{each}"
        types = ["CD", "DVD"] if index == 0 else ["USBStick"]
        actions: Json = {}
        if not tree.shape.media_by_patch:
            actions |= tree.action(drive, "VirtualMedia.InsertMedia", _insert(each))
            actions |= tree.action(drive, "VirtualMedia.EjectMedia", _eject(each))
        head = tree.head(drive, _KIND, f"Virtual drive {each}")

        def read(
            bmc: Bmc, head: Json = head, each: str = each, types: list[str] = types, actions: Json = actions
        ) -> Json:
            image = bmc.get(Media).slots.get(each)
            return {**head, "MediaTypes": types, **_body(image), **({"Actions": actions} if actions else {})}

        if tree.shape.media_by_patch:
            tree.put(Resource(drive, read, lambda _: _PATCH, _written(each)))
        else:
            tree.put(Resource(drive, read))


def _body(image: Json | None) -> Json:
    if image is None:
        return {
            "Inserted": False,
            "ConnectedVia": "NotConnected",
            "Image": None,
            "ImageName": None,
            "WriteProtected": True,
        }
    url = str(image["Image"])
    return {
        "Inserted": True,
        "ConnectedVia": "URI",
        "Image": url,
        "ImageName": url.rsplit("/", 1)[1],
        "WriteProtected": image.get("WriteProtected", True),
        "TransferMethod": "Stream",
        "TransferProtocolType": _SCHEMES[urlsplit(url).scheme],
    }


def _insert(each: str) -> Post:
    def post(bmc: Bmc, body: Json, _: Ask) -> Change:
        given = parameters("VirtualMedia.InsertMedia", body, _INSERT, ("Image",))
        if each in bmc.get(Media).slots:
            raise refuse(409, "ResourceInUse")
        image = {"Image": given["Image"], "WriteProtected": given.get("WriteProtected", True)}
        return Change("media", {"slot": each, "image": image})

    return post


def _eject(each: str) -> Post:
    def post(_: Bmc, body: Json, __: Ask) -> Change:
        parameters("VirtualMedia.EjectMedia", body, {})
        return Change("media", {"slot": each, "image": None})

    return post


def _written(each: str) -> Patch:
    def patch(bmc: Bmc, changes: Json) -> Change:
        held = bmc.get(Media).slots.get(each) or {}
        image = {**held, **{name: value for name, value in changes.items() if name != "Inserted"}}
        gone = changes.get("Inserted") is False or not image.get("Image")
        return Change("media", {"slot": each, "image": None if gone else image})

    return patch


@operation("media")
def _media(bmc: Bmc, arguments: Json) -> None:
    state = bmc.get(Media)
    slot, image = arguments["slot"], arguments["image"]
    if image is None:
        state.slots.pop(slot, None)
        bmc.log(f"The virtual drive {slot} is empty.", "ResourceEvent.1.4.ResourceChanged")
    else:
        state.slots[slot] = image
        bmc.log(f"An image is in the virtual drive {slot}.", "ResourceEvent.1.4.ResourceChanged")
    bmc.changed(state)
