"""What the gateway judges by: pure values and pure decisions; no clock, no I/O."""
