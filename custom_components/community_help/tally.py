"""How many devices of a compound or a building are in alarm, silent, in trouble: kept with every change of a point.

One change costs the same however many devices there are.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import IntFlag

from .contract.values import Device, DeviceKind, PointState


class Flag(IntFlag):
    """What may be the case with a device, by what its points say."""

    ALARM = 1
    KNOWN = 2
    """Whether it is in alarm or not is known."""
    HEARD = 4
    OFFLINE = 8
    """None of its points is heard."""
    PROBLEM = 16
    BATTERY = 32
    BYPASSED = 64


BATTERY_LOW = "battery_low"


class Group:
    """The devices of a compound, or the smoke alarms of a building."""

    __slots__ = ("bypassed", "causes", "having", "size")

    def __init__(self) -> None:
        """Nobody is in it yet."""
        self.size = 0
        self.having: dict[Flag, dict[str, None]] = {flag: {} for flag in Flag}
        """The devices with each flag, by id, in the order in which they came to have it."""
        self.causes: Counter[str] = Counter()
        """How many points have each problem."""
        self.bypassed = 0
        """How many points are silenced."""

    def count(self, flag: Flag) -> int:
        """How many devices have ``flag``."""
        return len(self.having[flag])


def compound_group(compound: str) -> str:
    """The group of all devices of a compound."""
    return f"compound {compound}"


def building_group(compound: str, building: str) -> str:
    """The group of all smoke alarms of a building; no id of a device has a blank."""
    return f"building {compound} {building}"


def building_of(device: Device) -> str:
    """The group of the building that a smoke alarm is in; empty for what is in none, and for other kinds."""
    in_one = device.kind is DeviceKind.SMOKE_ALARM and device.building
    return building_group(device.compound, device.building) if in_one else ""


def topic(group: str, flag: Flag) -> str:
    """What a listener waits for that wants to know how many of ``group`` have ``flag``."""
    return f"{group} {flag.name}"


def problems_of(point: str) -> str:
    """What a listener waits for that shows only what is wrong with a point; no id of a point has a blank."""
    return f"{point} problems"


class Tallies:
    """The groups of one gateway."""

    def __init__(self) -> None:
        """There are no devices yet."""
        self._groups: dict[str, Group] = {}
        self._owners: dict[str, Device] = {}
        self._said: dict[str, PointState] = {}
        self._flags: dict[str, Flag] = {}

    def group(self, key: str) -> Group:
        """The group ``key``; an empty one if there is none."""
        return self._groups.get(key) or Group()

    def rebuild(self, devices: Iterable[Device], states: Mapping[str, PointState]) -> None:
        """Count anew: these are the devices."""
        self._groups, self._owners, self._said, self._flags = {}, {}, {}, {}
        for device in devices:
            self._owners.update((point.id, device) for point in device.points)
            if device.points:
                for key in _groups_of(device):
                    self._groups.setdefault(key, Group()).size += 1
                self._judge(device)
        self.take(states.values())

    def take(self, states: Iterable[PointState]) -> dict[str, None]:
        """Count what changed; the points, and the topics of the counts that differ now."""
        topics: dict[str, None] = {}
        for state in states:
            topics[state.point] = None
            device = self._owners.get(state.point)
            if device is not None:
                before = self._said.get(state.point)
                self._said[state.point] = state
                topics.update(dict.fromkeys(self._judge(device)))
                topics.update(dict.fromkeys(self._weigh(device, before, state)))
        return topics

    def _judge(self, device: Device) -> list[str]:
        """The flags of a device, from all of its points."""
        now = Flag(0)
        for point in device.points:
            now |= _flags_of(self._said.get(point.id))
        if not now & Flag.HEARD:
            now |= Flag.OFFLINE
        changed = now ^ self._flags.get(device.id, Flag(0))
        self._flags[device.id] = now
        if not changed:
            return []
        for key in _groups_of(device):
            having = self._groups[key].having
            for flag in changed:
                if flag & now:
                    having[flag][device.id] = None
                else:
                    having[flag].pop(device.id, None)
        return [topic(key, flag) for key in _groups_of(device) for flag in changed]

    def _weigh(self, device: Device, before: PointState | None, now: PointState) -> list[str]:
        """Problems and bypasses are counted by point."""
        lost, gained = set(before.problems if before else ()), set(now.problems)
        step = (now.bypassed_until is not None) - (before is not None and before.bypassed_until is not None)
        if lost == gained and not step:
            return []
        for key in _groups_of(device):
            group = self._groups[key]
            group.bypassed += step
            group.causes.update(gained - lost)
            group.causes.subtract(lost - gained)
        flags = ([Flag.BYPASSED] if step else []) + ([Flag.PROBLEM] if lost != gained else [])
        found = [topic(key, flag) for key in _groups_of(device) for flag in flags]
        return [*found, problems_of(now.point)] if lost != gained else found


def _groups_of(device: Device) -> tuple[str, ...]:
    return tuple(filter(None, (compound_group(device.compound), building_of(device))))


def _flags_of(state: PointState | None) -> Flag:
    found = Flag(0)
    if state is None:
        return found
    if state.alarm is not None:
        found |= Flag.KNOWN | Flag.ALARM if state.alarm else Flag.KNOWN
    if state.available:
        found |= Flag.HEARD
    if state.problems:
        found |= Flag.PROBLEM
    if BATTERY_LOW in state.problems:
        found |= Flag.BATTERY
    return found | Flag.BYPASSED if state.bypassed_until is not None else found
