"""Placeholder."""


def reach(point: str) -> None:
    """Nothing."""
