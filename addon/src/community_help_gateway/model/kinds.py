"""The model's vocabulary: what threatens, how badly, what a device is, what a point measures.

The contract has its copy, and one file, ``api.views``, maps the one to the other.
"""

from enum import StrEnum


class Hazard(StrEnum):
    """What threatens people."""

    FIRE = "fire"
    GAS = "gas"
    FIRE_LANE = "fire_lane"
    APPLIANCE = "appliance"
    UNPLACED = "unplaced"
    SUPERVISION = "supervision"
    SELF_TEST = "self_test"


class DeviceKind(StrEnum):
    """What a device is."""

    TRANSMITTER = "transmitter"
    SMOKE_ALARM = "smoke_alarm"
    CALL_POINT = "call_point"
    GAS_DETECTOR = "gas_detector"
    FIRE_LANE = "fire_lane"
    APPLIANCE = "appliance"
    STATION = "station"
    WATER_DISPENSER = "water_dispenser"
    MICROWAVE = "microwave"
    MASSAGE_CHAIR = "massage_chair"
    FIRST_AID_CABINET = "first_aid_cabinet"
    DOOR = "door"
    LEAK = "leak"
    THERMOMETER = "thermometer"
    METER = "meter"
    PEOPLE_COUNTER = "people_counter"
    SIREN = "siren"


class PointKind(StrEnum):
    """What a point measures or switches."""

    SMOKE = "smoke"
    CALL_POINT = "call_point"
    GAS = "gas"
    LANE = "lane"
    SYSTEM = "system"
    CH4 = "ch4"
    H2S = "h2s"
    CO = "co"
    O2 = "o2"
    RELAY = "relay"
    DOOR = "door"
    LEAK = "leak"
    TEMPERATURE = "temperature"
    POWER = "power"
    ENERGY = "energy"
    PEOPLE = "people"
    DISPENSING = "dispensing"
    OPEN = "open"
    RUNNING = "running"
    ENDS = "ends"
    SESSIONS = "sessions"
    FILTER_DAYS = "filter_days"
    FILTER_LITRES = "filter_litres"


HAZARDS = {
    PointKind.SMOKE: Hazard.FIRE,
    PointKind.CALL_POINT: Hazard.FIRE,
    PointKind.SYSTEM: Hazard.FIRE,
    PointKind.GAS: Hazard.GAS,
    PointKind.CH4: Hazard.GAS,
    PointKind.H2S: Hazard.GAS,
    PointKind.CO: Hazard.GAS,
    PointKind.O2: Hazard.GAS,
    PointKind.LANE: Hazard.FIRE_LANE,
    PointKind.RELAY: Hazard.APPLIANCE,
    **dict.fromkeys(tuple(PointKind)[tuple(PointKind).index(PointKind.DOOR) :], Hazard.APPLIANCE),
}
"""The hazard that an alarm of a point of this kind means."""


class Severity(StrEnum):
    """How bad it is. A notice wakes nobody; a warning can wait for the morning; alarm and danger cannot."""

    NOTICE = "notice"
    WARNING = "warning"
    ALARM = "alarm"
    DANGER = "danger"

    @property
    def rank(self) -> int:
        """0 for the least severe; severities are compared by it."""
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}
