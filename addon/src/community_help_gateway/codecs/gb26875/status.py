"""Status words. Bit 0 is "normal operation" when 1 and "test" when 0, in all three."""

from enum import IntFlag


class SystemStatus(IntFlag):
    """Status of a fire system (type 1): GB/T 26875.3-2011, 8.2.1.1; 16 bits."""

    NORMAL = 1 << 0
    FIRE = 1 << 1
    FAULT = 1 << 2
    DISABLED = 1 << 3
    SUPERVISORY = 1 << 4
    STARTED = 1 << 5
    FEEDBACK = 1 << 6
    DELAY = 1 << 7
    MAIN_POWER = 1 << 8
    STANDBY_POWER = 1 << 9
    BUS_FAULT = 1 << 10
    MANUAL = 1 << 11
    CONFIGURATION_CHANGED = 1 << 12
    RESET = 1 << 13


class ComponentStatus(IntFlag):
    """Status of a component (type 2): 16 bits; 9 to 15 are reserved."""

    NORMAL = 1 << 0
    FIRE = 1 << 1
    FAULT = 1 << 2
    DISABLED = 1 << 3
    SUPERVISORY = 1 << 4
    STARTED = 1 << 5
    FEEDBACK = 1 << 6
    DELAY = 1 << 7
    POWER = 1 << 8


class TransmitterStatus(IntFlag):
    """Status of the transmission device itself (type 21): 8 bits."""

    NORMAL = 1 << 0
    FIRE = 1 << 1
    FAULT = 1 << 2
    MAIN_POWER = 1 << 3
    STANDBY_POWER = 1 << 4
    CHANNEL = 1 << 5
    LINE = 1 << 6


class Operation(IntFlag):
    """Operation flags of types 4 and 24; bit 5 is "confirm" in type 4 and "duty-check answer" in type 24."""

    RESET = 1 << 0
    SILENCE = 1 << 1
    MANUAL_ALARM = 1 << 2
    ALARM_CLEARED = 1 << 3
    SELF_TEST = 1 << 4
    CONFIRM = 1 << 5
    TEST = 1 << 6


SYSTEM_FAULTS = SystemStatus.FAULT | SystemStatus.MAIN_POWER | SystemStatus.STANDBY_POWER | SystemStatus.BUS_FAULT
COMPONENT_FAULTS = ComponentStatus.FAULT | ComponentStatus.POWER
TRANSMITTER_FAULTS = (
    TransmitterStatus.FAULT
    | TransmitterStatus.MAIN_POWER
    | TransmitterStatus.STANDBY_POWER
    | TransmitterStatus.CHANNEL
    | TransmitterStatus.LINE
)
