"""The UPSes of the scenario: NUT's dummy driver says what its file says; see prepare.yml."""

import time

FOLDER = "/var/lib/prometheus/node-exporter"
WELL = "OL"
LOW = "OB LB"


ADDRESSES = {"a": "127.0.0.41", "b": "127.0.0.42"}


def put(host, path, status, runtime_s=900):
    """Have a UPS say this of itself. The driver looks at the seconds of a file's time, so it is touched until seen."""
    file, ups = f"/etc/nut-{path}/ups.dev", f"ups-{path}@{ADDRESSES[path]}"
    text = f"ups.status: {status}\\nbattery.charge: 100\\nbattery.runtime: {runtime_s}\\n"
    seen = f'test "$(upsc {ups} ups.status 2>/dev/null)" = "{status}"'
    until_seen = f"until {seen}; do sleep 0.2; touch {file}; done"
    host.check_output(f"printf '{text}' > {file}; timeout 30 sh -c '{until_seen}'")


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
