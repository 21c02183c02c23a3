"""What a protocol adapter says about points at a time.

Alarm, fault, tamper and test are four signals that never turn into each other. ``None`` means that the
observation says nothing about the signal, so it changes nothing about it.
"""

import msgspec


class Address(msgspec.Struct, frozen=True):
    """Where a protocol says that something is: the link's protocol, the device on it, the part of the device."""

    link: str
    device: str
    part: str = ""


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """One report about one address; ``also`` are wider addresses to try when nobody knows that one.

    ``alarm=False`` is an explicit restore; a fault, mute or battery report leaves ``alarm`` at ``None``.
    ``test`` is a label: it never takes an alarm away. Times are epoch seconds; ``device_at`` is ``None`` when
    the device's clock cannot be believed. ``source`` is the peer that said it (two links may claim one identity);
    ``clock_offset`` is by how many seconds the device's clock is ahead, where its protocol tells.
    """

    address: Address
    received_at: float
    also: tuple[Address, ...] = ()
    device_at: float | None = None
    alarm: bool | None = None
    fault: bool | None = None
    tamper: bool | None = None
    test: bool | None = None
    value: float | None = None
    on: bool | None = None
    state: str = ""
    text: str = ""
    battery_low: bool | None = None
    clock_offset: float | None = None
    source: str = ""


class Reset(msgspec.Struct, frozen=True):
    """A system reset from the system's own device: every part under ``address`` has restored."""

    address: Address
    received_at: float
    device_at: float | None = None
    source: str = ""


class LinkState(msgspec.Struct, frozen=True):
    """A link to a device came up or was lost; a lost link clears nothing.

    ``rivals`` is how many other peers claim to be the same device at the same time.
    """

    link: str
    device: str
    up: bool
    received_at: float
    rivals: int = 0


type Input = Observation | Reset | LinkState
"""What the field can say."""
