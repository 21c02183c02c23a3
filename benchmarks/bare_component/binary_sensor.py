"""Two binary sensors for each smoke alarm, set by lines over TCP: number, which of the two, 0 or 1."""

import asyncio
from typing import Any

from homeassistant.components.binary_sensor import BinarySensorDeviceClass, BinarySensorEntity
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

DOMAIN = "benchmark_bare"


class BareSensor(BinarySensorEntity):
    """One of the two; unavailable until it was heard."""

    _attr_has_entity_name = True
    _attr_should_poll = False
    _attr_available = False

    def __init__(self, number: int, device_class: BinarySensorDeviceClass) -> None:
        """Of one smoke alarm."""
        self._attr_device_class = device_class
        self._attr_unique_id = f"a{number}_{device_class}"
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, f"a{number}")}, name=f"Smoke alarm {number}", manufacturer="Benchmark", model="Alarm"
        )

    def take(self, *, on: bool) -> None:
        """Write what was heard."""
        self._attr_available = True
        self._attr_is_on = on
        self.async_write_ha_state()


class Lines(asyncio.Protocol):
    """Writes the state of each line at once."""

    def __init__(self, sensors: dict[bytes, BareSensor]) -> None:
        """``sensors`` by what stands before the value."""
        self._sensors = sensors
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        """Take whole lines."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            key, _, value = line.rpartition(b" ")
            self._sensors[key].take(on=value == b"1")


async def async_setup_entry(
    hass: HomeAssistant, entry: ConfigEntry[Any], async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Make the entities; connect once they are there."""
    sensors: dict[bytes, BareSensor] = {}
    for number in range(entry.data["alarms"]):
        for kind in (BinarySensorDeviceClass.SMOKE, BinarySensorDeviceClass.PROBLEM):
            sensors[f"{number} {kind}".encode()] = BareSensor(number, kind)
    added = asyncio.Event()

    async def connect() -> None:
        await added.wait()
        transport, _ = await hass.loop.create_connection(lambda: Lines(sensors), "127.0.0.1", entry.data["port"])
        entry.async_on_unload(transport.close)

    entry.async_create_background_task(hass, connect(), "benchmark lines")

    class Last(BareSensor):
        """The last one says that all are there."""

        async def async_added_to_hass(self) -> None:
            added.set()

    last = entry.data["alarms"] - 1
    sensors[f"{last} problem".encode()] = Last(last, BinarySensorDeviceClass.PROBLEM)
    async_add_entities(sensors.values())
