"""What Ansible is told of a plan: hosts, groups, variables, rolling batches. Pure. See docs/inventory.md."""
