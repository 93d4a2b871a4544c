"""An async Redfish client and the few typed views that Karst reads and writes."""
