"""What is wrong with the devices of a compound, and what is silenced or rehearsed there: counts and lists."""

from collections.abc import Iterable
from typing import Any

from homeassistant.util.dt import utc_from_timestamp

from .contract.values import Bypass, Compound, Device, PointState
from .coordinator import Coordinator

KINDS = {
    "offline": ("offline", "link_lost"),
    "faulty": ("fault", "sensor_suspect", "duplicate_identity", "clock_drift"),
    "battery_low": ("battery_low",),
    "end_of_life": ("end_of_life",),
    "tampered": ("tamper",),
}
"""The gateway's causes by what somebody must do about them; a cause that is new here counts as a fault."""

LISTED = 200
"""At most so many of a kind are listed; the counts are of all (project's choice)."""


def health_report(coordinator: Coordinator, compound: str = "") -> dict[str, Any]:
    """The devices of one gateway, or of one of its compounds."""
    return {
        "gateway": coordinator.entry.title,
        "connected": coordinator.connected,
        "compounds": [
            _compound(coordinator, item)
            for key, item in coordinator.compounds.items()
            if not compound or key == compound
        ],
    }


def _compound(coordinator: Coordinator, compound: Compound) -> dict[str, Any]:
    devices = [device for device in coordinator.devices.values() if device.compound == compound.id]
    lists: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
    for device in devices:
        for kind, item in _wrong(
            device, [state for point in device.points if (state := coordinator.states.get(point.id))]
        ):
            lists[kind].append(item)
    lists["bypassed"] = [
        _bypassed(device, bypass)
        for device in devices
        for point in device.points
        if (bypass := coordinator.facts.bypasses.get(point.id))
    ]
    drill = coordinator.facts.drills.get(compound.id)
    lists["drills"] = (
        [{"by": drill.person.name, "since": _when(drill.started_at), "until": _when(drill.ends_at)}] if drill else []
    )
    return {
        "id": compound.id,
        "name": compound.name,
        "devices": len(devices),
        "counts": {kind: len(items) for kind, items in lists.items()},
        **{kind: items[:LISTED] for kind, items in lists.items()},
    }


def _wrong(device: Device, states: list[PointState]) -> Iterable[tuple[str, dict[str, Any]]]:
    """Each kind once for a device, with its causes and since when the first of them holds."""
    causes = {cause for state in states for cause in state.problems}
    known = {cause for group in KINDS.values() for cause in group}
    for kind, group in KINDS.items():
        found = sorted(causes.intersection(group) | (causes - known if kind == "faulty" else set()))
        if found:
            yield kind, {**_place(device), "cause": ", ".join(found), "since": _since(states, found)}


def _since(states: list[PointState], causes: list[str]) -> str | None:
    """When the signals of an affected point last changed: the best that is known of when it began."""
    times = [state.changed_at for state in states if state.changed_at and set(causes).intersection(state.problems)]
    return _when(min(times)) if times else None


def _bypassed(device: Device, bypass: Bypass) -> dict[str, Any]:
    until, since = _when(bypass.until), _when(bypass.started_at)
    return {**_place(device), "owner": bypass.person.name, "reason": bypass.reason, "since": since, "until": until}


def _place(device: Device) -> dict[str, Any]:
    return {"name": device.name, "place": " ".join(filter(None, (device.building, device.floor, device.flat)))}


def _when(at: float) -> str:
    return utc_from_timestamp(at).isoformat(timespec="seconds")
