"""Run a client that is built on the `redfish` package so that it verifies TLS: verified.py CA-FILE PROGRAM ARGUMENTS…

Neither redfish-utilities' scripts nor the service validator have an option for that; the client beneath them has one.
"""

from __future__ import annotations

import functools
import runpy
import sys
from pathlib import Path

import redfish

VALIDATOR = "rf_service_validator"

if __name__ == "__main__":
    authority, *sys.argv = sys.argv[1:]
    redfish.redfish_client = functools.partial(redfish.redfish_client, cafile=authority)
    if Path(sys.argv[0]).name == VALIDATOR:
        from redfish_service_validator import report

        # Three quarters of its time go into an Excel file that nobody reads.
        report.xlsx_report = lambda *_: None
    runpy.run_path(sys.argv[0], run_name="__main__")
