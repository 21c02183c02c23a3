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

STAFF = "张三 Zhang San"
ZONE = ZoneInfo("Asia/Shanghai")
LANE_SECONDS = 150
"""A lane is reported after a minute of being occupied, and again as it becomes worse."""

type Scene = Callable[[Demo], Awaitable[Notification]]


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
    language = "zh" if demo.hass.language == "zh-Hans" else "en"
    compound = await device_of(demo, "clearwater")
    inputs = {"recipients": [compound], "always": True, "language": language}
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
    """The shift of a second member ends in two minutes; who is always on duty comes next."""
    language = "zh" if demo.hass.language == "zh-Hans" else "en"
    inputs = {"before": {"seconds": 90}, "always": True, "language": language}
    async with automation(demo, "duty_handover", **inputs):
        wanted = new(demo, lambda shown: shown.title in ("值班交接", "Duty handover"))
        async with short_shift(demo, "李四 Li Si"):
            return await demo.phone.until(wanted, 120, "handover")


@contextlib.asynccontextmanager
async def short_shift(demo: Demo, name: str) -> AsyncIterator[None]:
    """A member of the staff, without a phone, whose shift ends in two minutes."""
    while not time(0, 2) < (now := dt_util.utcnow().astimezone(ZONE)).time() < time(23, 56):
        await asyncio.sleep(10)  # a schedule's block ends with its day
    block = {"from": f"{now - timedelta(minutes=1):%H:%M:%S}", "to": f"{now + timedelta(minutes=2):%H:%M:%S}"}
    (entry,) = await demo.hass.get("/api/config/config_entries/entry?domain=community_help")
    entry_id = entry["entry_id"]
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


SCENES: dict[str, Scene] = {
    "alarm_to_staff": alarm_to_staff,
    "resident_line": resident_line,
    "drill": drill,
    "gas_ventilate": gas_ventilate,
    "fire_lane_voice": fire_lane_voice,
    "device_health_digest": device_health_digest,
    "duty_handover": duty_handover,
}
