"""Application data units: type (1), object count (1), objects, each with or without a 6-byte time label.

The length decides: what fits is decoded, a disagreement with the count is flagged, nothing raises.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from .status import ComponentStatus, Operation, SystemStatus, TransmitterStatus

DESCRIPTION = 31
"""Bytes of a component's description, GB 18030: GB/T 26875.3-2011, 8.2.1.2."""

LABEL = 6


class UnitType(IntEnum):
    """Type flags (GB/T 26875.3-2011, table 2) that this codec reads or writes."""

    SYSTEM_STATUS = 1
    COMPONENT_STATUS = 2
    ANALOG_VALUE = 3
    FACILITY_OPERATION = 4
    TRANSMITTER_STATUS = 21
    TRANSMITTER_OPERATION = 24
    TRANSMITTER_VERSION = 25
    TRANSMITTER_TIME = 28
    SYNCHRONISE_CLOCK = 90
    DUTY_CHECK = 91


@dataclass(frozen=True, slots=True)
class System:
    """Type 1: one fire system."""

    system: int
    address: int
    status: SystemStatus
    time: bytes | None = None


@dataclass(frozen=True, slots=True)
class Component:
    """Type 2: one component; ``raw`` are its four address bytes as sent."""

    system: int
    system_address: int
    kind: int
    raw: bytes
    status: ComponentStatus
    description: str = ""
    time: bytes | None = None


@dataclass(frozen=True, slots=True)
class Analog:
    """Type 3: one measured value; ``value`` is the signed number as sent, see ``tables.ANALOG`` for its unit."""

    system: int
    system_address: int
    kind: int
    raw: bytes
    quantity: int
    value: int
    time: bytes | None = None


@dataclass(frozen=True, slots=True)
class FacilityOperation:
    """Type 4: somebody operated a fire system."""

    system: int
    address: int
    operation: Operation
    operator: int
    time: bytes | None = None


@dataclass(frozen=True, slots=True)
class Transmitter:
    """Type 21: the transmission device's own status."""

    status: TransmitterStatus
    time: bytes | None = None


@dataclass(frozen=True, slots=True)
class TransmitterOperation:
    """Type 24: somebody operated the transmission device."""

    operation: Operation
    operator: int
    time: bytes | None = None


@dataclass(frozen=True, slots=True)
class TransmitterVersion:
    """Type 25."""

    main: int
    user: int


@dataclass(frozen=True, slots=True)
class TransmitterTime:
    """Type 28: the device's clock, as a time label."""

    time: bytes


type Object = (
    System
    | Component
    | Analog
    | FacilityOperation
    | Transmitter
    | TransmitterOperation
    | TransmitterVersion
    | TransmitterTime
)


@dataclass(frozen=True, slots=True)
class Unit:
    """A decoded unit. ``complete`` is false when count and length disagree or the type is not read here."""

    type: int
    count: int
    objects: tuple[Object, ...]
    complete: bool = True


def _system(body: bytes, time: bytes | None) -> System:
    return System(body[0], body[1], SystemStatus(int.from_bytes(body[2:4], "little")), time)


def _component(body: bytes, time: bytes | None) -> Component:
    status = ComponentStatus(int.from_bytes(body[7:9], "little"))
    return Component(body[0], body[1], body[2], body[3:7], status, read_text(body[9:40]), time)


def _analog(body: bytes, time: bytes | None) -> Analog:
    (value,) = struct.unpack("<h", body[8:10])
    return Analog(body[0], body[1], body[2], body[3:7], body[7], value, time)


def _operation(body: bytes, time: bytes | None) -> FacilityOperation:
    return FacilityOperation(body[0], body[1], Operation(body[2]), body[3], time)


def _transmitter(body: bytes, time: bytes | None) -> Transmitter:
    return Transmitter(TransmitterStatus(body[0]), time)


def _transmitter_operation(body: bytes, time: bytes | None) -> TransmitterOperation:
    return TransmitterOperation(Operation(body[0]), body[1], time)


_READERS: dict[int, tuple[int, bool, Callable[[bytes, bytes | None], Object]]] = {
    UnitType.SYSTEM_STATUS: (4, True, _system),
    UnitType.COMPONENT_STATUS: (40, True, _component),
    UnitType.ANALOG_VALUE: (10, True, _analog),
    UnitType.FACILITY_OPERATION: (4, True, _operation),
    UnitType.TRANSMITTER_STATUS: (1, True, _transmitter),
    UnitType.TRANSMITTER_OPERATION: (2, True, _transmitter_operation),
    UnitType.TRANSMITTER_VERSION: (2, False, lambda body, _time: TransmitterVersion(body[0], body[1])),
    UnitType.TRANSMITTER_TIME: (6, False, lambda body, _time: TransmitterTime(body)),
}


def decode(data: bytes) -> Unit | None:
    """Read an application data unit; ``None`` when it is too short to say its type. Never raises."""
    if len(data) < 2:
        return None
    kind, count, rest = data[0], data[1], data[2:]
    if kind not in _READERS:
        return Unit(kind, count, (), complete=False)
    size, may_have_time, reader = _READERS[kind]
    timed = may_have_time and _has_time(len(rest), count, size)
    step = size + (LABEL if timed else 0)
    found = min(count, len(rest) // step)
    objects = []
    for start in range(0, found * step, step):
        body = rest[start : start + size]
        objects.append(reader(body, rest[start + size : start + step] if timed else None))
    return Unit(kind, count, tuple(objects), complete=found * step == len(rest) and found == count)


def _has_time(length: int, count: int, size: int) -> bool:
    """Devices send objects with and without time label; the length tells, the standard's form wins a draw."""
    return not (length == count * size and length != 0)


def encode(
    objects: tuple[System | Component | Analog | FacilityOperation | Transmitter | TransmitterOperation, ...],
) -> bytes:
    """Write one unit of objects of one type, at least one."""
    first = objects[0]
    return bytes((_type_of(first), len(objects))) + b"".join(_write(item) + (item.time or b"") for item in objects)


def _type_of(item: Object) -> int:
    return {
        System: UnitType.SYSTEM_STATUS,
        Component: UnitType.COMPONENT_STATUS,
        Analog: UnitType.ANALOG_VALUE,
        FacilityOperation: UnitType.FACILITY_OPERATION,
        Transmitter: UnitType.TRANSMITTER_STATUS,
        TransmitterOperation: UnitType.TRANSMITTER_OPERATION,
    }[type(item)]


def _write(item: Object) -> bytes:
    match item:
        case System():
            return struct.pack("<BBH", item.system, item.address, item.status)
        case Component():
            head = struct.pack("<BBB4sH", item.system, item.system_address, item.kind, item.raw, item.status)
            return head + write_text(item.description)
        case Analog():
            return struct.pack(
                "<BBB4sBh", item.system, item.system_address, item.kind, item.raw, item.quantity, item.value
            )
        case FacilityOperation():
            return bytes((item.system, item.address, item.operation, item.operator))
        case Transmitter():
            return bytes((item.status,))
        case TransmitterOperation():
            return bytes((item.operation, item.operator))
        case _:
            message = f"{type(item).__name__} is only read"
            raise TypeError(message)


def read_text(raw: bytes) -> str:
    """A description: up to the first NUL, GB 18030, without the spaces around it; what cannot be read becomes �."""
    return raw.split(b"\x00", 1)[0].decode("gb18030", "replace").strip()


def write_text(text: str) -> bytes:
    """A description of exactly 31 bytes, cut on a character's boundary, filled with NUL."""
    raw = b""
    for character in text:
        more = character.encode("gb18030", "replace")
        if len(raw) + len(more) > DESCRIPTION:
            break
        raw += more
    return raw.ljust(DESCRIPTION, b"\x00")


def part(system: int, system_address: int, kind: int | str, raw: bytes) -> str:
    """The stable text of a component's address: system, system address, component type, raw bytes in hex."""
    return f"{system}.{system_address}.{kind}.{raw.hex().upper()}"
