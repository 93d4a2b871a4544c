"""The network of a plan: switches, cables, and what each device is told of its neighbours."""
