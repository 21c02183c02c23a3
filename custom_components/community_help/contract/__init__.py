"""What crosses the wire between gateway and integration: the canonical copy lives in the gateway."""
