"""What a fault takes down, computed from the plan."""
