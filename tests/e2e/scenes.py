"""What each blueprint is there for, played with the demo: what happens in the field, until the phone shows it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from homeassistant.util import dt as dt_util

from .companion_app import Notification
from .develop import Demo
from .steps import site_file
from .walk import GAUZE

STAFF = "张三 Zhang San"
ZONE = ZoneInfo("Asia/Shanghai")
LANE_SECONDS = 150
"""A lane is reported after a minute of being occupied, and again as it becomes worse."""

BEGINS_SECONDS = 4
"""So long after it was made a shift begins, and a time of day comes: by then everything is saved and listens."""

type Scene = Callable[..., Awaitable[Notification]]
"""Of a demo; those of the station also take what somebody does while it is still so."""

type Meanwhile = Callable[[], Awaitable[None]]


async def nothing() -> None:
    """Nobody does anything."""


@contextlib.asynccontextmanager
async def automation(demo: Demo, blueprint: str, **inputs: Any) -> AsyncIterator[str]:
    """An automation from a blueprint for the time of a scene; its entity."""
    key = f"scene_{blueprint}"
    await demo.hass.add_automation(key, blueprint, inputs)
    await demo.hass.until(f"automation.{key}", "on")
    try:
        yield f"automation.{key}"
    finally:
        await demo.hass.remove_automation(key)


@contextlib.asynccontextmanager
async def field(demo: Demo, begin: str, over: str) -> AsyncIterator[None]:
    """Something happens in the field, and is over and closed after the scene, however that ended."""
    await demo.field.command(begin)
    try:
        yield
    finally:
        await demo.field.command(over)
        await end(demo)


async def run(demo: Demo, entity: str) -> None:
    """Start an automation that waits for its time of day; its conditions are kept."""
    await demo.hass.post("/api/services/automation/trigger", {"entity_id": entity, "skip_condition": False})


async def end(demo: Demo) -> None:
    """Close what is open, so that the next scene starts quiet."""
    for shown in list(demo.phone.screen.values()):
        if shown.asks:
            incident = shown.tag.removeprefix("community_help_")
            with contextlib.suppress(RuntimeError):  # a colleague was quicker
                data = {"incident_id": incident, "cause": "drill"}
                await demo.hass.post("/api/services/community_help/close", data)
            async with asyncio.timeout(20):
                while (now := demo.phone.screen.get(shown.tag)) and now.asks:
                    await asyncio.sleep(0.05)


def new(demo: Demo, condition: Callable[[Notification], bool]) -> Callable[[Notification], bool]:
    """A notification that meets ``condition`` and is not on the screen yet."""
    known = set(map(id, demo.phone.screen.values()))
    return lambda shown: id(shown) not in known and condition(shown)


async def device_of(demo: Demo, own_id: str) -> str:
    """A device of the gateway by the end of its identifier."""
    socket = await demo.hass.socket()
    devices = await socket.call("config/device_registry/list")
    await socket.close()
    return str(next(item["id"] for item in devices if item["identifiers"][0][1].endswith(f"_{own_id}")))


def language_of(demo: Demo) -> str:
    """What a message is written in: Home Assistant's language."""
    return "zh" if demo.hass.language == "zh-Hans" else "en"


async def told(demo: Demo) -> dict[str, Any]:
    """Inputs by which the staff of the compound is told."""
    return {"recipients": [await device_of(demo, "clearwater")], "language": language_of(demo)}


async def alarm_to_staff(demo: Demo) -> Notification:
    """A smoke alarm goes off; the demo's own automation pages."""
    fresh = new(demo, lambda shown: shown.asks)  # before the alarm: its page comes within milliseconds
    async with field(demo, "fire 304", "restore 304"):
        return await demo.phone.until(fresh, what="page")


async def gas_ventilate(demo: Demo) -> Notification:
    """Gas, and the sensor that should prove that it is shut off still sees it."""
    sensor = await demo.entity_of("septic-1", "gas")
    await demo.hass.until(sensor, "off", 60)
    async with automation(demo, "gas_ventilate", proofs=[sensor], seconds=5), field(demo, "gas h2s 12", "gas h2s 0"):
        wanted = new(demo, lambda shown: "燃气未关断" in shown.title)
        return await demo.phone.until(wanted, 60, "that the gas is not shut off")


async def fire_lane_voice(demo: Demo) -> Notification:
    """A car stays in the lane."""
    lane = await demo.entity_of("lane-1", "lane")
    async with automation(demo, "fire_lane_voice", lane=[lane]), field(demo, "lane on", "lane off"):
        wanted = new(demo, lambda shown: shown.asks and "消防车通道 Fire lane" in shown.title)
        return await demo.phone.until(wanted, LANE_SECONDS, "page of the fire lane")


async def device_health_digest(demo: Demo) -> Notification:
    """The morning's message, in Home Assistant's language."""
    inputs = {**await told(demo), "always": True}
    async with automation(demo, "device_health_digest", **inputs) as entity:
        wanted = new(demo, lambda shown: shown.title in ("设备健康日报", "Device health"))
        await run(demo, entity)
        return await demo.phone.until(wanted, what="digest")


async def drill(demo: Demo) -> Notification:
    """A drill in somebody's name, with one detector that seems to alarm."""
    compound = await device_of(demo, "clearwater")
    detector = await demo.smoke_entity(502)
    async with automation(demo, "drill", compound=compound, by=STAFF, detector=detector, minutes=5) as entity:
        wanted = new(demo, lambda shown: shown.asks and shown.title.startswith(("DRILL", "【演练】")))
        await run(demo, entity)
        try:
            return await demo.phone.until(wanted, what="page of the drill")
        finally:
            await end(demo)
            await demo.hass.post("/api/services/community_help/end_drill", {"device_id": compound})


async def duty_handover(demo: Demo) -> Notification:
    """A shift that is shorter than the time before its end is told as it begins: who is always on duty comes next."""
    inputs = {"always": True, "language": language_of(demo)}
    async with automation(demo, "duty_handover", **inputs):
        wanted = new(demo, lambda shown: shown.title in ("值班交接", "Duty handover"))
        async with short_shift(demo, "李四 Li Si"):
            return await demo.phone.until(wanted, 120, "handover")


@contextlib.asynccontextmanager
async def short_shift(demo: Demo, name: str) -> AsyncIterator[None]:
    """A member of the staff, without a phone, whose shift begins at once and ends in two minutes."""
    while not time(0, 2) < (now := dt_util.utcnow().astimezone(ZONE)).time() < time(23, 56):
        await asyncio.sleep(10)  # a schedule's block ends with its day
    begin, finish = now + timedelta(seconds=BEGINS_SECONDS), now + timedelta(minutes=2)
    block = {"from": f"{begin:%H:%M:%S}", "to": f"{finish:%H:%M:%S}"}
    entry_id = await demo.hass.gateway_entry()
    socket = await demo.hass.socket()
    made = await socket.call("schedule/create", name="Short shift", **{f"{now:%A}".lower(): [block]})
    try:
        await demo.hass.add_staff(entry_id, name, [], schedules=["schedule.short_shift"])
        yield
    finally:
        for item in await socket.call("config_entries/subentries/list", entry_id=entry_id):
            if item["title"] == name:
                own = item["subentry_id"]
                await socket.call("config_entries/subentries/delete", entry_id=entry_id, subentry_id=own)
        await socket.call("schedule/delete", schedule_id=made["id"])
        await socket.close()


async def resident_line(demo: Demo) -> Notification:
    """A smoke alarm, as a resident's phone is told of it."""
    socket = await demo.hass.socket()
    entities = await socket.call("config/entity_registry/list")
    await socket.close()
    channel = next(item["entity_id"] for item in entities if item["entity_id"].startswith("notify."))
    wanted = new(demo, lambda shown: "119" in shown.message)
    async with automation(demo, "resident_line", channels=[channel]), field(demo, "fire 403", "restore 403"):
        return await demo.phone.until(wanted, what="what to do")


async def appliance_left_on(demo: Demo, meanwhile: Meanwhile = nothing) -> Notification:
    """Somebody leaves the massage chair running for a minute, the least that the form takes."""
    switch, running = await demo.entity_of("station-3", "relay"), await demo.entity_of("station-3", "running")
    await demo.hass.until(running, "off", 60)
    async with automation(demo, "appliance_left_on", appliances=[running], minutes=1, **await told(demo)):
        wanted = new(demo, lambda shown: shown.title.startswith(("电器未关", "Left on")))
        await demo.hass.post("/api/services/switch/turn_on", {"entity_id": switch})
        try:
            shown = await demo.phone.until(wanted, 100, "that the chair was left on")
            await meanwhile()
            return shown
        finally:
            await demo.hass.post("/api/services/switch/turn_off", {"entity_id": switch})


async def first_aid_cabinet(demo: Demo, meanwhile: Meanwhile = nothing) -> Notification:
    """Somebody opens the cabinet, which is told, and takes the last gauze, which is told when it is written down."""
    door, contents = await demo.entity_of("cabinet-1", "door"), await demo.entity_of("cabinet-1", "wanting")
    own = {"entity_id": await demo.entity_of("cabinet-1", "contents"), "item": GAUZE}
    await demo.hass.until(door, "off", 30)
    await demo.hass.post("/api/services/todo/add_item", {**own, "description": "2/2"})
    inputs = {"doors": [door], "contents": [contents], **await told(demo)}
    try:
        async with automation(demo, "first_aid_cabinet", **inputs):
            opened = new(demo, lambda shown: shown.message.startswith(("被打开", "Opened")))
            await demo.field.command("cabinet on")
            await demo.phone.until(opened, 20, "that the cabinet was opened")
            short = new(demo, lambda shown: GAUZE in shown.message)
            await demo.hass.post("/api/services/todo/update_item", {**own, "description": "0/2"})
            shown = await demo.phone.until(short, what="that gauze runs short")
            await meanwhile()
            return shown
    finally:
        await demo.field.command("cabinet off")
        await demo.hass.post("/api/services/todo/remove_item", own)


async def station_hours(demo: Demo, meanwhile: Meanwhile = nothing) -> Notification:
    """The station closes, for the installer gives it other hours; as the last thing the staff is told."""
    is_open = await demo.entity_of("station", "open")
    words = {
        "zh": ("驿站已关门", "灯已关，请检查门锁。"),
        "en": ("Station closed", "The lights are off. Please look at the lock."),
    }
    title, message = words[language_of(demo)]
    data = {"device_id": [await device_of(demo, "clearwater")], "title": title, "message": message}
    inputs = {"station": is_open, "closing": [{"action": "community_help.tell_staff", "data": data}]}
    await demo.hass.until(is_open, "on", 30)
    wanted = new(demo, lambda shown: shown.title == title)
    async with automation(demo, "station_hours", **inputs), closed_station(demo):
        shown = await demo.phone.until(wanted, what="that the station closed")
        await meanwhile()
        return shown


@contextlib.asynccontextmanager
async def closed_station(demo: Demo) -> AsyncIterator[None]:
    """The site file with hours that are over or to come; afterwards as it was, and open."""
    later = dt_util.utcnow().astimezone(ZONE) + timedelta(hours=6)
    hours = f'hours: [["{later:%H:%M}", "{later + timedelta(hours=1):%H:%M}"]]'
    async with site_file(demo, lambda text: text.replace("{ id: station, ", f"{{ id: station, {hours}, ")):
        yield
    await demo.hass.until(await demo.entity_of("station", "open"), "on", 30)


async def water_filter_due(demo: Demo, meanwhile: Meanwhile = nothing) -> Notification:
    """The time of the day comes, and the dispenser's fine filter is due."""
    at = dt_util.utcnow().astimezone(ZONE) + timedelta(seconds=BEGINS_SECONDS)
    async with automation(demo, "water_filter_due", time=f"{at:%H:%M:%S}", **await told(demo)):
        wanted = new(demo, lambda shown: shown.title in ("滤芯到期", "Water filter due"))
        shown = await demo.phone.until(wanted, what="filter")
        await meanwhile()
        return shown


SCENES: dict[str, Scene] = {
    "alarm_to_staff": alarm_to_staff,
    "resident_line": resident_line,
    "drill": drill,
    "gas_ventilate": gas_ventilate,
    "fire_lane_voice": fire_lane_voice,
    "device_health_digest": device_health_digest,
    "duty_handover": duty_handover,
    "appliance_left_on": appliance_left_on,
    "water_filter_due": water_filter_due,
    "first_aid_cabinet": first_aid_cabinet,
    "station_hours": station_hours,
}
