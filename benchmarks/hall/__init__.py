"""What the benchmarks of a hall share: a clone of its own, its twin, engine runs, and a bare client beside them."""
