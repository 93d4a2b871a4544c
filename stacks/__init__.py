"""One module a layer: each declares to Pulumi what the plan says of it. See docs/start.md."""
