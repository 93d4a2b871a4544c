"""The service root, and what is read without a login."""

from __future__ import annotations

from karst.twin.bmc import Bmc
from karst.twin.messages import Answer
from karst.twin.query import LEVELS_MAX
from karst.twin.state import Json
from karst.twin.tree import ROOT, Resource, Tree

_SCHEMAS = "http://redfish.dmtf.org/schemas/v1"
_ODATA = "http://docs.oasis-open.org/odata/ns"
# Words of OData and Redfish that every resource may use.
_VOCABULARY = {
    "http://docs.oasis-open.org/odata/odata/v4.0/errata03/csd01/complete/vocabularies/Org.OData.Core.V1.xml": (
        '<edmx:Include Namespace="Org.OData.Core.V1" Alias="OData"/>'
    ),
    f"{_SCHEMAS}/RedfishExtensions_v1.xml": '<edmx:Include Namespace="RedfishExtensions.v1_0_0" Alias="Redfish"/>',
}


def build(tree: Tree) -> None:
    """The root and the documents beside it."""
    shape = tree.shape
    services = {
        "Chassis": f"{ROOT}/Chassis",
        "Managers": f"{ROOT}/Managers",
        "SessionService": f"{ROOT}/SessionService",
        "AccountService": f"{ROOT}/AccountService",
        "CertificateService": f"{ROOT}/CertificateService",
        "UpdateService": f"{ROOT}/UpdateService",
        "Tasks": f"{ROOT}/TaskService",
    }
    if tree.is_server:
        services |= {"Systems": f"{ROOT}/Systems", "Registries": f"{ROOT}/Registries"}
    else:
        services |= {"PowerEquipment": f"{ROOT}/PowerEquipment"}
    links = {name: tree.ref(path) for name, path in services.items()}
    features: Json = {"SelectQuery": shape.select, "OnlyMemberQuery": shape.select, "FilterQuery": False}
    if shape.expand:
        features["ExpandQuery"] = {
            "ExpandAll": True,
            "Links": True,
            "NoLinks": True,
            "Levels": True,
            "MaxLevels": LEVELS_MAX,
        }
    head = tree.head(ROOT, "ServiceRoot.v1_17_0", "Root service", "RootService")

    def read(bmc: Bmc) -> Json:
        return {
            **head,
            "RedfishVersion": shape.redfish_version,
            "UUID": str(bmc.identity.uuid),
            "Vendor": shape.vendor,
            "Product": f"{tree.type.manufacturer} {tree.type.model}",
            "ProtocolFeaturesSupported": features,
            **links,
            "Links": {"Sessions": tree.ref(f"{ROOT}/SessionService/Sessions")},
        }

    tree.put(Resource(ROOT, read))
    versions: Json = {"v1": f"{ROOT}/"}
    tree.put(Resource("/redfish", text=lambda _: Answer(200, versions)))
    listed = [{"name": name, "kind": "Singleton", "url": link["@odata.id"]} for name, link in links.items()]
    document: Json = {"@odata.context": f"{ROOT}/$metadata", "value": listed}
    tree.put(Resource(f"{ROOT}/odata", text=lambda _: Answer(200, document)))
    tree.put(Resource(f"{ROOT}/$metadata", text=lambda bmc: _metadata(bmc.tree)))


def _metadata(tree: Tree) -> Answer:
    """The CSDL document that names every schema in use."""
    references = dict(_VOCABULARY)
    by_schema: dict[str, set[str]] = {}
    for type_ in tree.types:
        by_schema.setdefault(type_.split(".")[0], set()).add(type_)
    for schema, types in sorted(by_schema.items()):
        names = sorted({schema, *types})
        includes = "".join(f'<edmx:Include Namespace="{name}"/>' for name in names)
        references[f"{_SCHEMAS}/{schema}_v1.xml"] = includes
    body = "".join(f'<edmx:Reference Uri="{uri}">{includes}</edmx:Reference>' for uri, includes in references.items())
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?><edmx:Edmx xmlns:edmx="{_ODATA}/edmx" Version="4.0">{body}'
        f'<edmx:DataServices><Schema xmlns="{_ODATA}/edm" Namespace="Service">'
        '<EntityContainer Name="Service" Extends="ServiceRoot.v1_17_0.ServiceContainer"/>'
        "</Schema></edmx:DataServices></edmx:Edmx>"
    )
    return Answer(200, text=text, type="application/xml; charset=utf-8")
