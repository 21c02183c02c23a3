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


def points_of(device: Device, signal: str) -> tuple[str, ...]:
    """The points of ``device`` that ``signal`` is made of; empty when it has none."""
    return tuple(point.id for point in device.points if point.kind in SIGNAL_KINDS[signal])


def unique_id_of(coordinator: Coordinator, device: Device, key: str) -> str:
    """The unique id of an entity of ``device``."""
    return f"{coordinator.device_key(device.id)}_{key}"


def points_behind(coordinator: Coordinator, unique_id: str) -> tuple[str, ...]:
    """The points behind the entity with this unique id; empty when it shows no signal."""
    return next(
        (
            points_of(device, signal)
            for device in coordinator.devices.values()
            for signal in SIGNAL_KINDS
            if unique_id == unique_id_of(coordinator, device, signal)
        ),
        (),
    )
