"""From the plan to text and documents that other systems read. Pure."""
