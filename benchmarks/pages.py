"""From the frame at the gateway's socket to the staff phone, at idle and in a storm of 3,276, next to its floor.

``python -m benchmarks.pages [AT IDLE] [IN THE STORM]`` in Home Assistant's environment. The gateway, Home Assistant,
its ``mobile_app`` and the phone's push channel are real. The floor runs in the same Home Assistant, to the same phone:
an automation without this project, triggered by an event from the websocket API, calls the phone's notify action.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from copy import replace
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import bare_journal, floors
from community_help_gateway.codecs.gb26875 import units
from community_help_gateway.codecs.gb26875.status import ComponentStatus
from community_help_gateway.simulators.transmitter import Part, Transmitter
from tests.e2e.companion_app import CompanionApp, Notification
from tests.e2e.home_assistant import HomeAssistant, Socket
from tests.e2e.processes import GATEWAY_PYTHON, GatewayProcess, Process, free_port
from tests.e2e.steps import TAG, until
from tests.gateway.killing.town import Town

TOWN = Town(alarms=3276, compounds=8, links=7)
"""The community of the project's design."""

AT_IDLE = 100
"""Alarms at idle, one after the other, each in a building of its own (project's choice)."""

PATIENCE = 120.0
"""Longest wait for what must come (project's choice)."""

QUIET = 6.0
"""After so long without anything new on the phone nothing is on its way: updates of an incident come every 5 s."""

SETTLES = 20.0
"""So long after thousands of alarms were heard Home Assistant has nothing left to do (project's choice)."""

PAUSE = 1.5
"""Between two alarms at idle: what the one before left behind is done, such as the recorder's rows, which are written
every second (project's choice)."""

EVENT = "benchmark_alarm"


@dataclass(frozen=True, slots=True)
class Alarm:
    """A smoke alarm: by which transmission device it is heard, and its address there."""

    address: int
    part: Part
    building: str


@dataclass(frozen=True)
class Place:
    """What runs, with an automation that answers pages, and the alarms that it has.

    ``pause`` and ``settles``: seconds, see ``PAUSE`` and ``SETTLES``.
    """

    gateway: GatewayProcess
    hass: HomeAssistant
    phone: CompanionApp
    alarms: Sequence[Alarm]
    pause: float = PAUSE
    settles: float = SETTLES

    @property
    def buildings(self) -> list[Alarm]:
        """One alarm of each building."""
        return list({alarm.building: alarm for alarm in self.alarms}.values())


@dataclass(frozen=True)
class Storm:
    """``times``: of each page or push, sorted, in seconds from the first frame or event. ``shown``: all notifications.

    ``most`` is how many notifications one incident ever had.
    """

    times: Sequence[float]
    shown: int
    most: int = 0

    @property
    def first(self) -> float:
        """When the first one came."""
        return self.times[0]

    @property
    def last(self) -> float:
        """When the last one came."""
        return self.times[-1]


def percentiles(times: Sequence[float]) -> tuple[float, float]:
    """Median, and what one in a hundred exceeds."""
    return statistics.median(times), sorted(times)[max(0, -(-len(times) * 99 // 100) - 1)]


class Bare:
    """The floor: an automation of Home Assistant alone."""

    def __init__(self, place: Place, socket: Socket) -> None:
        """Use ``Bare.ready``."""
        self._place, self._socket = place, socket
        socket.patience = PATIENCE
        self._count = 0

    @classmethod
    async def ready(cls, place: Place) -> Bare:
        """Make the automation."""
        tag, words = "floor_{{ trigger.event.data.number }}", "Smoke in flat {{ trigger.event.data.number }}"
        data = {"title": "Fire", "message": words, "data": {"tag": tag, "ttl": 0, "priority": "high"}}
        notify = f"notify.mobile_app_phone_{place.phone.name.lower()}"
        automation = {
            "alias": EVENT,
            "mode": "parallel",
            "max": TOWN.alarms,
            "triggers": [{"trigger": "event", "event_type": EVENT}],
            "actions": [{"action": notify, "data": data}],
        }
        await place.hass.post(f"/api/config/automation/config/{EVENT}", automation)
        await place.hass.until(f"automation.{EVENT}", "on")
        return cls(place, await place.hass.socket())

    async def done(self) -> None:
        """Switch it off; the screen is as before."""
        for tag in [tag for tag in self._place.phone.screen if tag.startswith("floor_")]:
            del self._place.phone.screen[tag]
        await self._socket.close()
        await self._place.hass.post("/api/services/automation/turn_off", {"entity_id": f"automation.{EVENT}"})

    async def idle(self, count: int) -> list[float]:
        """Events one after the other: how long each took to the phone."""
        found = []
        for _ in range(count):
            await asyncio.sleep(self._place.pause)
            sent, tag = time.time(), await self._fire()
            shown = await self._place.phone.until(lambda shown, tag=tag: shown.tag == tag, PATIENCE)
            found.append(shown.shown_at - sent)
        return found

    async def journalled(self, alarms: Sequence[Alarm], folder: Path) -> list[float]:
        """The same by frames, each committed by a process of its own before Home Assistant hears of it."""
        hass, port, found = self._place.hass, free_port(), []
        given = (str(port), str(folder / "bare.sqlite"), hass.url, EVENT)
        command = [str(GATEWAY_PYTHON), "-m", "benchmarks.bare_journal", *given]
        process = Process("bare journal", command, folder / "journal.log")
        process.start()
        process.write(hass.tokens["access_token"])
        try:
            await process.wait_for(lambda: "ready" in process.text(), PATIENCE, "its start")
            link = await Transmitter.connect("127.0.0.1", port, alarms[0].address)
            for number, alarm in enumerate(alarms, bare_journal.FIRST):
                await asyncio.sleep(self._place.pause)
                sent, tag = time.time(), f"floor_{number}"
                await link.fire(alarm.part)
                shown = await self._place.phone.until(lambda shown, tag=tag: shown.tag == tag, PATIENCE)
                found.append(shown.shown_at - sent)
            await link.close()
        finally:
            await process.stop()
        return found

    async def storm(self, count: int) -> Storm:
        """All at once. Home Assistant closes a channel that does not confirm in time, so some may never come."""
        history = self._place.phone.history
        before, sent = len(history), time.time()
        await asyncio.gather(*(self._fire() for _ in range(count)))
        await _still(self._place.phone)
        times = sorted(shown.shown_at - sent for shown in history[before:])
        return Storm(times, len(times))

    async def _fire(self) -> str:
        self._count += 1
        await self._socket.call("fire_event", event_type=EVENT, event_data={"number": self._count})
        return f"floor_{self._count}"


async def idle(place: Place, alarms: Sequence[Alarm]) -> list[float]:
    """Alarms one after the other, each closed before the next: how long each took to the phone."""
    links = {address: await Transmitter.connect("127.0.0.1", place.gateway.gb_port, address) for address in _of(alarms)}
    for alarm in {alarm.address: alarm for alarm in alarms}.values():
        await links[alarm.address].restore(alarm.part)  # with its first word all alarms behind a device are heard
    await asyncio.sleep(place.settles)
    found = []
    for alarm in alarms:
        await asyncio.sleep(place.pause)
        known, link, sent = set(place.phone.screen), links[alarm.address], time.time()
        await link.fire(alarm.part)
        page = await place.phone.until(lambda shown, known=known: shown.tag not in known and _rings(shown), PATIENCE)
        found.append(page.shown_at - sent)
        await _end(place, page)
        await link.restore(alarm.part)
    for link in links.values():
        await link.close()
    return found


def _of(alarms: Sequence[Alarm]) -> set[int]:
    return {alarm.address for alarm in alarms}


def _rings(shown: Notification) -> bool:
    return shown.tag.startswith(TAG) and shown.asks


async def _end(place: Place, page: Notification) -> None:
    """Close, and wait until the phone does not ask for an answer any more."""
    data = {"incident_id": page.tag.removeprefix(TAG), "cause": "drill"}
    await place.hass.post("/api/services/community_help/close", data)
    await until(lambda: page.tag not in map(_asking, place.phone.screen.values()), PATIENCE, "end on the phone")
    place.phone.screen.pop(page.tag, None)


def _asking(shown: Notification) -> str:
    """The tag of what wants an answer."""
    return shown.tag if shown.asks else ""


async def storm(place: Place) -> Storm:
    """Every alarm at once, by devices that send all and wait; ends when every building is on the phone."""
    frames: dict[int, list[bytes]] = {address: [] for address in _of(place.alarms)}
    links = {address: await Transmitter.connect("127.0.0.1", place.gateway.gb_port, address) for address in frames}
    for alarm in place.alarms:
        link = links[alarm.address]
        frame = link.frame(units.encode((link.component(alarm.part, ComponentStatus.FIRE, None),)))
        frames[alarm.address].append(frame.encode())
    phone, wanted = place.phone, len(place.buildings)
    phone.forget()
    sent = time.time()
    for address, some in frames.items():
        links[address].send_raw(b"".join(some))
    replies = asyncio.gather(*(links[address].replies(len(some)) for address, some in frames.items()))
    await until(lambda: len(phone.most_of) >= wanted, PATIENCE, f"page of each of {wanted} buildings")
    await replies
    first_of: dict[str, float] = {}
    for shown in phone.history:
        if _rings(shown):
            first_of.setdefault(shown.incident, shown.shown_at - sent)
    await _still(phone)
    for link in links.values():
        await link.close()
    return Storm(sorted(first_of.values()), len(phone.history), max(phone.most_of.values()))


async def _still(phone: CompanionApp) -> None:
    """Wait until nothing has come for a while."""

    def still() -> bool:
        return not phone.history or time.time() - phone.history[-1].shown_at > QUIET

    await until(still, PATIENCE, "rest")


async def place_in(folder: Path, town: Town) -> Place:
    """Start a town, with one member of the staff and the blueprint's automation."""
    site = folder / "site.yaml"
    site.write_text(town.site(), "utf-8")
    gateway, hass = GatewayProcess(folder, site), HomeAssistant(folder)
    gateway.start()
    await gateway.ready(PATIENCE)
    await hass.started(PATIENCE)
    phone = CompanionApp(hass, "Zhang", folder)
    await phone.register()
    await phone.connect()
    entry_id = await hass.add_gateway(gateway.api_port, gateway.pairing_code)
    await hass.add_staff(entry_id, "张三 Zhang San", [await phone.device_id()])
    await hass.add_automation("community_help_alarm", "alarm_to_staff", {})
    await hass.until("automation.community_help_alarm", "on")
    alarms = [Alarm(town.address(home.device), home.part, f"{home.compound}.{home.building}") for home in town.homes()]
    return Place(gateway, hass, phone, alarms)


def report(times: dict[str, Any], commit: float) -> Iterator[str]:
    """The figures, a line each; milliseconds, and ratios to the floor of the same run."""
    commits = f"one commit at idle of {commit * 1000:.2f} ms"
    (ours, ours_99), (bare, bare_99) = percentiles(times["idle"]), percentiles(times["bare idle"])
    yield f"idle, {len(times['idle'])} alarms: p50 {ours * 1000:.1f} ms, p99 {ours_99 * 1000:.1f} ms"
    yield f"idle, floor: p50 {bare * 1000:.1f} ms, p99 {bare_99 * 1000:.1f} ms"
    kept, kept_99 = percentiles(times["journalled"])
    yield f"idle, floor behind a bare journal: p50 {kept * 1000:.1f} ms, p99 {kept_99 * 1000:.1f} ms"
    yield f"idle, ours / floor behind a bare journal: p50 {ours / kept:.2f}, p99 {ours_99 / kept_99:.2f}"
    yield f"idle, ours / floor: p50 {ours / bare:.2f}, p99 {ours_99 / bare_99:.2f}"
    yield f"idle, ours / (floor + {commits}): p50 {ours / (bare + commit):.2f}"
    found, floor = times["storm"], times["bare storm"]
    yield f"storm of {times['alarms']}: a page of each of the {len(found.times)} incidents after {_spread(found)};"
    yield f"  {found.shown} notifications shown in all"
    yield f"storm, floor: pushes after {_spread(floor)}; {floor.shown} of {times['alarms']} came"
    yield f"storm, ours / floor: first {found.first / floor.first:.2f}, last {found.last / floor.last:.2f}"
    yield f"most notifications of one incident on the phone at any time: {found.most}"


def _spread(storm: Storm) -> str:
    middle, late = percentiles(storm.times)
    return f"{storm.first * 1000:.0f} ms (first), {middle:.2f} s (p50), {late:.2f} s (p99), {storm.last:.2f} s (last)"


async def main(count: int, alarms: int) -> None:
    """Floor and ours at idle, then in the storm."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        place = await place_in(folder, replace(TOWN, alarms=alarms))
        try:
            times = await measured(place, count, folder)
            issues = {item["issue_id"].partition("_0")[0] for item in await place.hass.issues()}
        finally:
            await place.phone.disconnect()
            await place.hass.closed()
            await place.gateway.stop()
        commit = floors.commit_at_idle(folder / "floor.sqlite")
    for line in (*report(times, commit), f"repairs raised: {sorted(issues) or 'none'}"):
        sys.stdout.write(f"{line}\n")


async def measured(place: Place, count: int, folder: Path) -> dict[str, Any]:
    """All figures of one place; ``count`` alarms at idle."""
    bare = await Bare.ready(place)
    await bare.idle(5)
    some = place.buildings[:count] if len(place.buildings) > 1 else place.alarms[:count]
    times: dict[str, Any] = {"alarms": len(place.alarms), "bare idle": await bare.idle(len(some))}
    times["journalled"] = await bare.journalled(some, folder)
    times["idle"] = await idle(place, some)
    times["bare storm"] = await bare.storm(len(place.alarms))
    await bare.done()
    await _still(place.phone)
    await asyncio.sleep(place.settles)  # the recorder still writes what the floor's storm left
    times["storm"] = await storm(place)
    return times


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:]]
    asyncio.run(main(*given, *(AT_IDLE, TOWN.alarms)[len(given) :]))
