"""The twin's network: switches, borders and carriers as containers, and all cables. See docs/twin.md."""
