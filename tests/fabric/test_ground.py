"""What a fabric stands on: another beside it comes up whole, and nothing is left of one that was killed."""

from __future__ import annotations

import signal
import subprocess
import sys

import psutil
import pytest
from conftest import ROOT, texts

from karst.plan.network.fabric import fabric as planned_fabric
from karst.plan.network.nodes import nodes as planned_nodes
from karst.plan.pipeline import plan
from karst.render.network import Renderer
from karst.site.load import load
from karst.twin.fabric.fabric import Fabric
from karst.twin.fabric.ground import Ground

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("fabric"), pytest.mark.usefixtures("frr")]

PATIENCE_S = 30
# Stands for a test that is killed: it prints the process that holds everything, and waits.
HELD = """
import time
from karst.twin.fabric.daemons import Daemons
from karst.twin.fabric.ground import Ground
with Ground() as ground:
    ground.add(["alone"])
    Daemons(ground, "alone").start()
    print(ground.first, flush=True)
    time.sleep(60)
"""


def test_the_lab_s_own_fabric_comes_up_whole(renderer: Renderer) -> None:
    made = planned_fabric(plan(load(ROOT / "sites" / "lab", ROOT / "hardware")))
    lab = {node.name: node for node in planned_nodes(made)}
    with Ground() as ground:
        fabric = Fabric(ground, lab, texts(renderer, lab))
        fabric.build()
        whole = fabric.wait_until_whole(PATIENCE_S)
    for carrier in fabric.carriers:
        assert set(whole[carrier]) == {str(prefix) for node in lab.values() for prefix in node.own_prefixes}


def test_a_killed_fabric_leaves_no_process() -> None:
    holder = subprocess.Popen([sys.executable, "-c", HELD], stdout=subprocess.PIPE, text=True)
    assert holder.stdout
    first = psutil.Process(int(holder.stdout.readline()))
    # The first process of a namespace takes in the daemons, whose parents have ended.
    inside = [first, *first.children(recursive=True)]
    assert {"zebra", "staticd", "bfdd", "bgpd"} <= {process.name() for process in inside}
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    _, alive = psutil.wait_procs(inside, timeout=10)
    assert alive == []
