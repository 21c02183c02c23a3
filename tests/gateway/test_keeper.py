"""The keeper: what the guard orders is done on the wire, by a gateway without Home Assistant, also after a kill."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from community_help_gateway.adapters.modbus_bus import ModbusBus
from community_help_gateway.errors import (
    LeakingError,
    NoSessionError,
    SessionRunsError,
    StationClosedError,
    SwitchFailedError,
)
from community_help_gateway.hub import Hub
from community_help_gateway.journal.store import Journal
from community_help_gateway.keeper import Keeper, start_session
from community_help_gateway.model import people
from community_help_gateway.model.adopted import AdoptedDevice, address_of
from community_help_gateway.model.incident import DeadlineKind, Person
from community_help_gateway.model.kinds import DeviceKind, PointKind
from community_help_gateway.model.observation import LinkState, Observation
from community_help_gateway.model.state import Event, EventKind
from community_help_gateway.simulators.modbus_bank import ModbusBank
from community_help_gateway.site import SiteFile, parse
from tests.gateway.conftest import FakeClock

SITE = (Path(__file__).parents[1] / "captures/sites/station.yaml").read_text("utf-8")
ZHANG = Person("zhang", "张三")
MICROWAVE, BOX, METER, ROOM = "microwave.relay", 1, 2, 3


class Station:
    """A gateway's life on a real box, meter and thermometer; ``begin`` and ``end`` may be called again and again."""

    def __init__(self, bank: ModbusBank, journal: Path, clock: FakeClock) -> None:
        """Nothing runs yet."""
        self.bank = bank
        self.clock = clock
        self._journal = journal

    def file(self) -> SiteFile:
        """The site file, with the bank's address."""
        return parse(SITE.replace("10.0.0.2", f"127.0.0.1, port: {self.bank.port}"), "station.yaml")

    async def begin(self) -> None:
        """As ``app`` does it."""
        found = self.file()
        self.hub = Hub(Journal.open(self._journal), found.site, self.clock)
        self.bus = ModbusBus(self.hub, found.modbus, RealClock(self.clock))
        self.hub.switches["modbus"] = self.bus
        self.keeper = Keeper(self.hub)
        await self.bus.start()
        self.hub.start()
        self.keeper.start()

    async def end(self) -> None:
        """Without a word to anybody."""
        await self.keeper.stop()
        await self.bus.stop()
        await self.hub.close()

    async def ready(self) -> None:
        """Every part was heard."""
        await until(lambda: self.value("microwave.power") is not None and self.on("water.relay") is not None)
        await until(lambda: self.value("love.temperature") is not None)

    def on(self, point: str) -> bool | None:
        """What a point says."""
        record = self.hub.visible.points.get(point)
        return record.on if record else None

    def value(self, point: str) -> float | None:
        """What a point measures."""
        record = self.hub.visible.points.get(point)
        return record.value if record else None

    def pass_(self, seconds: float) -> None:
        """Time passes, and what is due is done."""
        self.clock.pass_(seconds)
        self.hub.fire_due()


class RealClock:
    """Wall time of the test, monotonic time of the machine: polling goes on while the test's time stands."""

    def __init__(self, clock: FakeClock) -> None:
        """``clock`` is the test's."""
        self.wall = clock.wall

    @staticmethod
    def monotonic() -> float:
        """The loop's."""
        return asyncio.get_running_loop().time()


async def until(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds; polling is real here."""
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.fixture
async def station(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Station]:
    """The station at half past nine."""
    async with ModbusBank(gas_units=(), box_units=(BOX,), meter_units=(METER,), thermometer_units=(ROOM,)) as bank:
        station = Station(bank, tmp_path / "journal.sqlite", clock)
        await bank.set_power(METER, 0.5)
        await station.begin()
        await station.ready()
        yield station
        await station.end()


async def test_a_session_runs_and_ends_on_the_wire(station: Station) -> None:
    """On for its five minutes, off after them, and proven by the meter."""
    assert await start_session(station.hub, "k1", MICROWAVE, ZHANG) == {"ends_at": round(station.clock.wall() + 300)}
    assert await station.bank.relay(BOX, 1)
    await station.bank.set_power(METER, 900)
    await until(lambda: bool(station.on("microwave.running")))
    with pytest.raises(SessionRunsError):
        await start_session(station.hub, "k2", MICROWAVE, ZHANG)
    station.pass_(300)
    await until(lambda: station.on(MICROWAVE) is False)
    assert not await station.bank.relay(BOX, 1)
    await station.bank.set_power(METER, 0.4)
    await until(lambda: station.on("microwave.running") is False)
    station.pass_(10)
    await until(lambda: f"verify:{MICROWAVE}" not in station.hub.visible.deadlines)
    assert not station.hub.visible.incidents


async def test_a_repeated_command_begins_no_second_session(station: Station) -> None:
    """The same key is carried out once."""
    first = await start_session(station.hub, "k1", MICROWAVE, ZHANG)
    await station.hub.switch("off", MICROWAVE, ZHANG, on=False)
    assert await start_session(station.hub, "k1", MICROWAVE, ZHANG) == first
    assert not await station.bank.relay(BOX, 1)
    assert station.value("microwave.sessions") == 1


async def test_water_at_an_adopted_detector_turns_the_station_off(station: Station) -> None:
    """On the wire and verified; the relay that is on when a wet detector is adopted goes off, too."""
    sink = AdoptedDevice("sink", "水槽", DeviceKind.LEAK, PointKind.LEAK, "bay", station="love")
    await station.hub.switch("k1", MICROWAVE, ZHANG, on=True)
    await station.hub.adopt("k2", lambda draft: people.set_adopted(draft, (sink,)))
    wet = Observation(address=address_of("sink"), received_at=station.clock.wall(), alarm=True)
    await station.hub.observe([LinkState("adopted", "Home Assistant", True, station.clock.wall()), wet])
    await until(lambda: station.on(MICROWAVE) is False)
    assert not await station.bank.relay(BOX, 1)
    station.pass_(10)
    await until(lambda: f"verify:{MICROWAVE}" not in station.hub.visible.deadlines)
    with pytest.raises(LeakingError):
        await station.hub.switch("k3", MICROWAVE, ZHANG, on=True)
    await station.hub.adopt("k4", lambda draft: people.set_adopted(draft, ()))
    await station.hub.switch("k5", MICROWAVE, ZHANG, on=True)
    await station.hub.adopt("k6", lambda draft: people.set_adopted(draft, (sink,)))
    await until(lambda: station.on(MICROWAVE) is False)


async def test_a_contact_that_is_welded_becomes_an_incident(station: Station) -> None:
    """The relay says off, the meter says that it is not."""
    await station.hub.switch("k1", MICROWAVE, ZHANG, on=True)
    await station.bank.set_power(METER, 900)
    await until(lambda: station.value("microwave.power") == 900)
    station.pass_(30 * 60)
    await until(lambda: station.on(MICROWAVE) is False)
    station.pass_(10)
    await until(lambda: bool(station.hub.visible.incidents))
    (incident,) = station.hub.visible.incidents.values()
    assert (incident.hazard, incident.key) == ("appliance", "device:microwave")


async def test_a_leak_turns_it_off_at_once_and_keeps_it_off(station: Station) -> None:
    """Without any time passing; nobody can switch it on or begin a session before it is dry."""
    await station.hub.switch("k1", MICROWAVE, ZHANG, on=True)
    await station.bank.set_input(BOX, 3, on=True)
    await until(lambda: station.on(MICROWAVE) is False)
    with pytest.raises(LeakingError, match="Water leaks"):
        await station.hub.switch("k2", MICROWAVE, ZHANG, on=True)
    with pytest.raises(LeakingError):
        await start_session(station.hub, "k3", MICROWAVE, ZHANG)
    assert not await station.bank.relay(BOX, 1)


async def test_a_wait_that_ended_while_the_gateway_was_down_is_carried_out_at_its_start(station: Station) -> None:
    """The relay was left on; nobody else is there to turn it off."""
    await station.hub.switch("k1", MICROWAVE, ZHANG, on=True)
    await station.end()
    station.clock.pass_(40 * 60)
    assert await station.bank.relay(BOX, 1)
    await station.begin()
    station.pass_(0)
    await until(lambda: station.on(MICROWAVE) is False)
    assert not await station.bank.relay(BOX, 1)


async def test_an_order_that_was_given_before_a_kill_is_carried_out_after_it(station: Station) -> None:
    """The order is in the journal, whether or not a frame left."""
    await station.hub.switch("k1", MICROWAVE, ZHANG, on=True)
    await station.keeper.stop()  # killed between the commit and the first frame
    station.pass_(30 * 60)
    await station.hub.observe([])
    await station.end()
    assert await station.bank.relay(BOX, 1)
    await station.begin()
    await until(lambda: station.on(MICROWAVE) is False)
    assert not await station.bank.relay(BOX, 1)


async def test_a_closed_station_has_no_sessions(station: Station) -> None:
    """The refusal says why; what has no sessions says that."""
    station.pass_(3 * 3600)
    with pytest.raises(StationClosedError, match="closed now"):
        await start_session(station.hub, "k1", MICROWAVE, ZHANG)
    with pytest.raises(NoSessionError, match="session: MINUTES"):
        await start_session(station.hub, "k2", "water.relay", ZHANG)


async def test_a_session_whose_relay_does_not_answer_fails_and_leaves_nothing_on(station: Station) -> None:
    """The person learns it at once; the relay is ordered off until it is proven to be."""
    station.bank.fail(BOX)
    with pytest.raises(SwitchFailedError):
        await start_session(station.hub, "k1", MICROWAVE, ZHANG)
    waits = {deadline.kind for deadline in station.hub.state.deadlines.values() if deadline.subject == MICROWAVE}
    assert waits == {DeadlineKind.VERIFY}
    assert station.value("microwave.sessions") == 0


async def test_every_off_is_in_the_record_with_its_reason(station: Station) -> None:
    """What was ordered and why, what was switched, and by what it was proven."""
    shown: list[Event] = []
    station.hub.subscribe(lambda publication: shown.extend(publication.events))
    await start_session(station.hub, "k1", MICROWAVE, ZHANG)
    station.pass_(300)
    await until(lambda: station.on(MICROWAVE) is False)
    await until(lambda: any((event.kind, event.detail) == ("switched", "off") for event in shown))
    station.pass_(10)
    await station.hub.observe([])
    assert [(event.kind, event.detail, event.person) for event in shown if event.kind is not EventKind.POINT] == [
        ("session", "started", "zhang"),
        ("switched", "on", "zhang"),
        ("ordered", "session", ""),
        ("switched", "off", "gateway"),
        ("verified", "power", ""),
    ]
