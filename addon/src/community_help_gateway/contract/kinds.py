"""What devices are, and what their points measure or switch. A word that is not known here reads as ``UNKNOWN``."""

from .wire import WireEnum


class DeviceKind(WireEnum):
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
    UNKNOWN = "unknown"


class PointKind(WireEnum):
    """What a point measures or switches.

    ``running``, ``ends`` (until when a relay is on, as a time), ``sessions`` (today), ``open`` and what is left of a
    filter are worked out by the gateway itself.
    """

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
    UNKNOWN = "unknown"
