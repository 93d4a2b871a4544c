"""Sensors that are files; see prepare.yml."""

import time

SYS = "/var/lib/sensors"
FOLDER = "/var/lib/prometheus/node-exporter"
INLET = f"{SYS}/class/hwmon/hwmon0/temp1_input"
PACKAGE = f"{SYS}/class/hwmon/hwmon1/temp1_input"
CLOCK = f"{SYS}/devices/system/cpu/cpufreq/policy0/scaling_max_freq"
POWER = f"{SYS}/class/powercap/intel-rapl:0/constraint_0_power_limit_uw"
FAN = f"{SYS}/class/hwmon/hwmon0/pwm1_enable"
# As prepare.yml has them, and as they are while it is hot.
USUAL = ["2900000", "200000000", "2"]
THROTTLED = ["1800000", "123000000", "0"]


def put(host, sensor, celsius):
    """Have a sensor say this."""
    host.check_output(f"echo {celsius * 1000:.0f} > {sensor}")


def settings(host):
    """Return what the files that throttle say: clock, power, fan."""
    return host.check_output(f"awk 1 {CLOCK} {POWER} {FAN}").split()


def metrics(host):
    """Return the metrics that the exporter would find, by name with labels."""
    lines = host.check_output(f"cat {FOLDER}/cooling.prom").splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}


def journal(host):
    """Return what the program has said."""
    return host.check_output("journalctl --output=cat --unit=karst-cooling")


def within(seconds, look):
    """Look until there is something to be seen, and return it, or what was last seen."""
    until = time.monotonic() + seconds
    while not (found := look()) and time.monotonic() < until:
        time.sleep(0.2)
    return found
