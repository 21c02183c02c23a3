"""Device profiles: data files that say what to read, what it means, and the only things that may be written."""

import json
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from .registers import NumberType, WordOrder, number, ppm

READ_COILS, READ_INPUTS, READ_HOLDING, READ_INPUT_REGISTERS = 1, 2, 3, 4
MAX_REGISTERS = 125
"""Registers in one request: Modbus Application Protocol V1.1b3, 6.3."""

MAX_BITS = 2000
"""Coils or inputs in one request: Modbus Application Protocol V1.1b3, 6.1."""


class ProfileError(ValueError):
    """A profile is wrong; the text names the file and the place."""


@dataclass(frozen=True, slots=True)
class Block:
    """One request. ``unit`` is added to the device's configured unit id; ``interval`` is seconds between reads."""

    unit: int
    function: int
    address: int
    count: int
    interval: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What a device says about one thing. ``None`` is unknown; ``state`` is the device's own word for its state.

    ``alarm`` is the device's own judgement: what a value means is the community's policy.
    """

    key: str
    value: float | None = None
    on: bool | None = None
    alarm: bool | None = None
    fault: bool | None = None
    state: str = ""


@dataclass(frozen=True, slots=True)
class Write:
    """The one write that a guarded point allows: a coil."""

    unit: int
    coil: int


@dataclass(frozen=True, slots=True)
class _Rule:
    """How one reading comes out of its block. ``invalid`` and ``max`` are of the number as it is sent, unscaled."""

    key: str
    block: int
    decode: str
    offset: int = 0
    type: NumberType = NumberType.U16
    word_order: WordOrder = WordOrder.HIGH_FIRST
    scale: float = 1.0
    add: float = 0.0
    invalid: tuple[int, ...] = ()
    max: float = math.inf
    unit: str = ""
    molar_mass: float = 0.0
    per_volume_percent: float = 0.0

    def read(self, values: Sequence[int]) -> Reading:
        """The reading in the block's ``values``; never raises."""
        if self.decode == "bit":
            known = self.offset < len(values)
            return Reading(self.key, on=bool(values[self.offset]) if known else None, fault=not known)
        if self.decode == "packed_gas":
            return self._packed_gas(values)
        raw = number(values[self.offset :], self.type, self.word_order, self.invalid, self.max)
        if raw is None:
            return Reading(self.key, fault=True, state="no_value")
        return Reading(self.key, raw * self.scale + self.add, fault=False)

    def _packed_gas(self, values: Sequence[int]) -> Reading:
        """Unit, decimals and value packed in two registers, the sensor's state in a third."""
        if len(values) < 6:
            return Reading(self.key, fault=True, state="no_data")
        head, low, state = values[0], values[1], values[5] & 0xFF
        name = _GAS_STATES.get(state, "unknown_state")
        decimals = _DECIMALS.get(head >> 8 & 0xF)
        value = None
        if name in _MEASURING and decimals is not None:
            value = self._converted(((head >> 6 & 0b11) << 16 | low & 0xFFFF) / 10**decimals, head >> 12 & 0xF)
        fault = value is None and name != "warming_up"
        alarm = True if name in _ALARMING else False if value is not None else None
        return Reading(self.key, value, alarm=alarm, fault=fault, state=name)

    def _converted(self, raw: float, unit: int) -> float | None:
        """The value in the profile's unit; ``None`` for a unit that cannot be converted."""
        sent = _GAS_UNITS.get(unit)
        if sent == self.unit:
            return raw
        if sent == "ppb" and self.unit == "ppm":
            return raw / 1000
        if sent == "mg/m³" and self.unit == "ppm" and self.molar_mass:
            return ppm(raw, self.molar_mass)
        if sent == "%" and self.unit == "%LEL" and self.per_volume_percent:
            return raw * self.per_volume_percent
        return None


_GAS_UNITS = {0: "ppm", 2: "%LEL", 4: "%", 6: "mg/m³", 8: "ppb"}
_GAS_STATES = {
    0: "warming_up",
    1: "normal",
    2: "data_error",
    3: "sensor_fault",
    4: "warning",
    5: "low_alarm",
    6: "high_alarm",
    7: "access_fault",
    8: "over_range",
    9: "calibration_due",
    0xA: "timeout",
    0xB: "stel_alarm",
    0xC: "twa_alarm",
    0xF: "communication_fault",
}
_ALARMING = frozenset({"low_alarm", "high_alarm", "stel_alarm", "twa_alarm", "over_range"})
_MEASURING = frozenset({"normal", "warning", "calibration_due"}) | _ALARMING
_DECIMALS = {0x0: 0, 0x4: 1, 0x8: 2, 0xC: 3}


@dataclass(frozen=True, slots=True)
class Profile:
    """One device type."""

    id: str
    blocks: tuple[Block, ...]
    rules: tuple[_Rule, ...]
    writes: dict[str, Write]

    def decode(self, block: int, values: Sequence[int]) -> tuple[Reading, ...]:
        """What block number ``block`` says; too few or odd values become faults, nothing raises."""
        return tuple(rule.read(values) for rule in self.rules if rule.block == block)

    def keys(self, block: int) -> tuple[str, ...]:
        """The readings that come out of a block."""
        return tuple(rule.key for rule in self.rules if rule.block == block)

    def asked(self, used: Collection[str]) -> tuple[int, ...]:
        """The blocks to read for a site that uses these readings.

        Contacts and relays that no device has are left out; registers never, for they have alarms of their own. One
        block is always left, so that it is known whether the device answers.
        """
        silent = {rule.block for rule in self.rules} - {
            rule.block for rule in self.rules if rule.decode != "bit" or rule.key in used
        }
        return tuple(block for block in range(len(self.blocks)) if block not in silent) or (0,)


def load(profile_id: str) -> Profile:
    """A built-in profile; raises ProfileError."""
    file = files(__package__).joinpath(f"profiles/{profile_id}.json")
    if not file.is_file():
        known = sorted(item.name.removesuffix(".json") for item in files(__package__).joinpath("profiles").iterdir())
        message = f"there is no profile {profile_id}; expected one of {', '.join(known)}"
        raise ProfileError(message)
    return parse(json.loads(file.read_text("utf-8")), f"{profile_id}.json")


def parse(data: dict[str, Any], file: str) -> Profile:
    """A profile from its data; raises ProfileError, which names the file and the place."""
    try:
        blocks = tuple(Block(**item) for item in data["blocks"])
        rules = tuple(_rule(item) for item in data["readings"])
        writes = {item["key"]: Write(item["unit"], item["coil"]) for item in data["writes"]}
        profile = Profile(data["id"], blocks, rules, writes)
    except (KeyError, TypeError, ValueError) as error:
        message = f"{file}: {error}"
        raise ProfileError(message) from error
    _check(profile, file)
    return profile


def _rule(item: dict[str, Any]) -> _Rule:
    values = dict(item)
    if "type" in values:
        values["type"] = NumberType(values["type"])
    if "word_order" in values:
        values["word_order"] = WordOrder(values["word_order"])
    if "invalid" in values:
        values["invalid"] = tuple(values["invalid"])
    return _Rule(**values)


def _check(profile: Profile, file: str) -> None:
    problems = [
        f"{file}: block {index}: count {block.count}"
        for index, block in enumerate(profile.blocks)
        if not 0 < block.count <= (MAX_BITS if block.function <= READ_INPUTS else MAX_REGISTERS)
    ]
    problems += [
        f"{file}: reading {rule.key}: {what}"
        for rule in profile.rules
        for what, wrong in (
            ("no such block", not 0 <= rule.block < len(profile.blocks)),
            ("unknown decode", rule.decode not in ("bit", "number", "packed_gas")),
            ("max is not a number", type(rule.max) not in (int, float) or math.isnan(rule.max)),
            ("max is only for a number", rule.decode != "number" and rule.max != math.inf),
        )
        if wrong
    ]
    keys = [rule.key for rule in profile.rules]
    problems += [f"{file}: reading {key} is there twice" for key in {key for key in keys if keys.count(key) > 1}]
    problems += [f"{file}: write {key}: there is no such reading" for key in profile.writes if key not in keys]
    if problems:
        raise ProfileError(problems[0])
