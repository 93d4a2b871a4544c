"""Run by pyavd's own Python: an l3ls-evpn fabric of four spines and so many leaves, from its inputs to every text.

Prints how many devices and lines there were, and how many seconds they took. Leaves are MLAG pairs, each with sixteen
servers on both of its leaves; ten VLANs with gateways in one VRF.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import pyavd

SPINES, SERVERS, VLANS = 4, 16, 10


def fabric(leaves: int) -> dict[str, Any]:
    spines = [f"spine{number}" for number in range(1, SPINES + 1)]
    pairs = [(f"leaf{number}a", f"leaf{number}b") for number in range(1, leaves // 2 + 1)]
    groups = [
        {
            "group": f"pair{index}",
            "bgp_as": str(65100 + index),
            "nodes": [
                {
                    "name": name,
                    "id": 2 * index - 1 + at,
                    "uplink_switch_interfaces": [f"Ethernet{2 * index - 1 + at}"] * SPINES,
                }
                for at, name in enumerate(pair)
            ],
        }
        for index, pair in enumerate(pairs, 1)
    ]
    svis = [
        {"id": 10 + vlan, "name": f"VLAN{vlan}", "enabled": True, "ip_address_virtual": f"10.1.{vlan}.1/24"}
        for vlan in range(1, VLANS + 1)
    ]
    return {
        "fabric_name": "FABRIC",
        "underlay_routing_protocol": "ebgp",
        "overlay_routing_protocol": "ebgp",
        "spine": {
            "defaults": {"platform": "vEOS-lab", "loopback_ipv4_pool": "10.254.0.0/24", "bgp_as": "65100"},
            "nodes": [{"name": name, "id": number} for number, name in enumerate(spines, 1)],
        },
        "l3leaf": {
            "defaults": {
                "platform": "vEOS-lab",
                "loopback_ipv4_pool": "10.255.0.0/23",
                "vtep_loopback_ipv4_pool": "10.255.2.0/23",
                "uplink_switches": spines,
                "uplink_interfaces": [f"Ethernet{number}" for number in range(1, SPINES + 1)],
                "uplink_ipv4_pool": "10.253.0.0/16",
                "mlag_interfaces": ["Ethernet47", "Ethernet48"],
                "mlag_peer_ipv4_pool": "10.252.0.0/16",
                "mlag_peer_l3_ipv4_pool": "10.251.0.0/16",
                "virtual_router_mac_address": "00:1c:73:00:00:99",
            },
            "node_groups": groups,
        },
        "tenants": [
            {"name": "T1", "mac_vrf_vni_base": 10000, "vrfs": [{"name": "V1", "vrf_id": 10, "svis": svis}]},
        ],
        "servers": [
            {
                "name": f"server{index}-{number}",
                "adapters": [
                    {
                        "endpoint_ports": ["eth0", "eth1"],
                        "switch_ports": [f"Ethernet{SPINES + number}"] * 2,
                        "switches": list(pair),
                        "vlans": f"11-{10 + VLANS}",
                        "mode": "trunk",
                        "port_channel": {"mode": "active"},
                    }
                ],
            }
            for index, pair in enumerate(pairs, 1)
            for number in range(1, SERVERS + 1)
        ],
    }


def inputs(leaves: int) -> dict[str, dict[str, Any]]:
    """What each device is told: all of the fabric, and what it is itself."""
    told = fabric(leaves)
    kinds = {node["name"]: "spine" for node in told["spine"]["nodes"]}
    kinds |= {node["name"]: "l3leaf" for group in told["l3leaf"]["node_groups"] for node in group["nodes"]}
    return {name: {**told, "type": kind} for name, kind in kinds.items()}


def texts(told: dict[str, dict[str, Any]]) -> list[str]:
    """Every device's text."""
    valid = {}
    for name, each in told.items():
        found = pyavd.validate_inputs(each)
        if found.validated_data is None:
            raise SystemExit(f"{name}: {found.validation_result}")
        valid[name] = found.validated_data
    facts = pyavd.get_avd_facts(valid)
    return [
        pyavd.get_device_config(pyavd.get_device_structured_config(name, each, facts)) for name, each in valid.items()
    ]


def main() -> None:
    texts(inputs(2))  # so that what it loads once is not counted
    told = inputs(int(sys.argv[1]))
    began = time.perf_counter()
    made = texts(told)
    seconds = time.perf_counter() - began
    lines = sum(len(text.splitlines()) for text in made)
    print(json.dumps({"devices": len(made), "lines": lines, "wall_s": round(seconds, 3)}))


if __name__ == "__main__":
    main()
