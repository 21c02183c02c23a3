"""Which points are behind which signal of a device, and so behind which entity."""

from .contract.values import Device, PointKind
from .coordinator import Coordinator

GASES = frozenset({PointKind.GAS, PointKind.CH4, PointKind.H2S, PointKind.CO, PointKind.O2})
SIGNAL_KINDS = {
    "smoke": frozenset({PointKind.SMOKE}),
    "call_point": frozenset({PointKind.CALL_POINT}),
    "panel": frozenset({PointKind.SYSTEM}),
    "gas": GASES,
    "lane": frozenset({PointKind.LANE}),
}
"""The kinds of points that each signal is made of."""


def kinds_of(device: Device) -> frozenset[PointKind]:
    """The kinds of points that a device has."""
    return frozenset(point.kind for point in device.points)


def points_of(device: Device, signal: str) -> tuple[str, ...]:
    """The points of ``device`` that ``signal`` is made of; empty when it has none."""
    return tuple(point.id for point in device.points if point.kind in SIGNAL_KINDS[signal])


def points_behind(coordinator: Coordinator, unique_id: str) -> tuple[str, ...]:
    """The points behind the entity with this unique id; empty when it shows no signal of one device."""
    for signal in SIGNAL_KINDS:
        own = unique_id.removesuffix(f"_{signal}").removeprefix(coordinator.device_key(""))
        device = coordinator.devices.get(own)
        if device and unique_id == f"{coordinator.device_key(own)}_{signal}":
            return points_of(device, signal)
    return ()
