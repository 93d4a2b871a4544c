"""Qianling: a rack PDU's controller."""

from karst.twin.shapes.shape import Shape

QIANLING = Shape(
    name="qianling",
    vendor="Qianling",
    pdu_id="1",
    manager_id="Controller",
    chassis_id="PDU",
    bmc_version="3.1.0",
    redfish_version="1.17.0",
    session_limit=16,
    log_on_system=False,
    log_id="Log",
    media=(),
)
