"""The twin: imitates the BMCs and rack PDUs of a plan over Redfish. See docs/twin.md."""
