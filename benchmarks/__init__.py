"""What the design promises in numbers, each measured next to its floor in one run."""
