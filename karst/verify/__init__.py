"""Reality against the plan: what BMCs and rack PDUs say is read, then judged. Reading and judging are apart."""
