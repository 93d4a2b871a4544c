"""What one clone keeps for its own twin (`.karst/`): ports, secrets, CA, Pulumi's backend. See docs/start.md."""
