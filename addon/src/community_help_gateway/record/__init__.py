"""What the record tells: timelines, statistics, sheets, and what another policy would have done. Pure."""
