"""The UPSes of the scenario: NUT's dummy driver says what its file says; see prepare.yml."""

import time

FOLDER = "/var/lib/prometheus/node-exporter"
WELL = "OL"
LOW = "OB LB"


def put(host, path, status, runtime_s=900):
    """Have a UPS say this of itself."""
    text = f"ups.status: {status}\\nbattery.charge: 100\\nbattery.runtime: {runtime_s}\\n"
    host.check_output(f"printf '{text}' > /etc/nut-{path}/ups.dev")


def metrics(host):
    """Return the metrics that the exporter would find, by name with labels."""
    lines = host.check_output(f"cat {FOLDER}/power.prom").splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}


def within(seconds, look):
    """Look until there is something to be seen, and return it, or what was last seen."""
    until = time.monotonic() + seconds
    while not (found := look()) and time.monotonic() < until:
        time.sleep(0.2)
    return found


def journal(host, unit):
    """Return what a unit has said."""
    return host.check_output(f"journalctl --output=cat --unit={unit}")
