"""Numbers out of 16-bit registers. A reading that cannot be told is ``None``, never an old or invented value."""

import math
import struct
from collections.abc import Sequence
from enum import StrEnum


class WordOrder(StrEnum):
    """Which of two registers holds the high half."""

    HIGH_FIRST = "high_first"
    LOW_FIRST = "low_first"


class NumberType(StrEnum):
    """How registers form a number."""

    U16 = "u16"
    I16 = "i16"
    U32 = "u32"
    I32 = "i32"
    F32 = "f32"


WIDTH = {NumberType.U16: 1, NumberType.I16: 1, NumberType.U32: 2, NumberType.I32: 2, NumberType.F32: 2}
_FORMATS = {
    NumberType.U16: ">H",
    NumberType.I16: ">h",
    NumberType.U32: ">I",
    NumberType.I32: ">i",
    NumberType.F32: ">f",
}


def number(
    words: Sequence[int],
    kind: NumberType,
    order: WordOrder = WordOrder.HIGH_FIRST,
    invalid: Sequence[int] = (),
    most: float = math.inf,
) -> float | None:
    """The number in ``words``; ``None`` when they are too few, invalid, not finite, or more than ``most``."""
    width = WIDTH[kind]
    if len(words) < width or any(not 0 <= word <= 0xFFFF for word in words[:width]):
        return None
    used = tuple(words[:width]) if order is WordOrder.HIGH_FIRST else tuple(reversed(words[:width]))
    raw = struct.pack(f">{width}H", *used)
    if int.from_bytes(raw, "big") in invalid:
        return None
    (value,) = struct.unpack(_FORMATS[kind], raw)
    return float(value) if math.isfinite(value) and value <= most else None


MOLAR_VOLUME = 24.05
"""Litres per mole of a gas at 20 °C and 101.325 kPa, for ppm from mg/m³."""


def ppm(milligrams_per_cubic_metre: float, molar_mass: float) -> float:
    """Parts per million of a gas of ``molar_mass`` g/mol."""
    return milligrams_per_cubic_metre * MOLAR_VOLUME / molar_mass
