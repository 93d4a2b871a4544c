"""Karst: declare a cavern data centre once; prove it, build it, verify it. See docs/start.md."""
