"""The plan: everything derived from a site and its allocations, complete and frozen. See docs/plan.md."""
