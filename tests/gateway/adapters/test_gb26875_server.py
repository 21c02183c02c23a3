"""The centre's side over a real socket: confirm after the disk, refuse what is hostile, hear everybody else."""

import asyncio
import secrets
from collections.abc import AsyncIterator

import pytest

from community_help_gateway.adapters.gb26875_server import MAX_PER_PEER, Gb26875Server
from community_help_gateway.codecs.gb26875 import Command, units
from community_help_gateway.codecs.gb26875.status import ComponentStatus
from community_help_gateway.hub import Hub, SystemClock
from community_help_gateway.simulators.transmitter import Dialect, Part, Transmitter

FLAT_201 = Part(zone=3, position=17, description="烟感")
HOSTILE = "127.0.0.9"


@pytest.fixture
async def server(hub: Hub) -> AsyncIterator[Gb26875Server]:
    """Listening on a port of this machine."""
    server = Gb26875Server(hub, "127.0.0.1", 0, SystemClock())
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def device(server: Gb26875Server) -> AsyncIterator[Transmitter]:
    """The transmitter of the site file, connected."""
    device = await Transmitter.connect("127.0.0.1", server.port, 4097)
    yield device
    await device.close()


async def test_a_fire_is_confirmed_and_raises(hub: Hub, device: Transmitter) -> None:
    """The reply has the frame's serial, and the incident is in the journal by then."""
    reply = await device.fire(FLAT_201)
    assert reply.command == Command.CONFIRM
    assert [event.kind for event in await hub.journal.history(0, 10)] == ["raised"]


async def test_the_same_frame_a_hundred_times(hub: Hub, device: Transmitter) -> None:
    """One incident with one membership, a hundred confirmations."""
    frame = device.frame(device_data(device))
    for _ in range(100):
        device.send(frame)
    replies = await device.replies(100)
    assert [reply.command for reply in replies] == [Command.CONFIRM] * 100
    (incident,) = hub.state.incidents.values()
    assert list(hub.state.members[incident.id]) == ["f201.smoke"]


async def test_fire_restore_and_the_byte_identical_fire_are_two_episodes(hub: Hub, device: Transmitter) -> None:
    """De-duplication of replies never hides an observation from the model."""
    frame = device.frame(device_data(device))
    await device.exchange(frame)
    await device.restore(FLAT_201)
    await device.exchange(frame)
    (incident,) = hub.state.incidents.values()
    assert hub.state.members[incident.id]["f201.smoke"].episode == 2
    members = [event.member for event in await hub.journal.history(0, 10) if event.kind in ("raised", "joined")]
    assert [member.episode for member in members if member] == [1, 2]


def device_data(device: Transmitter) -> bytes:
    """A fire's data unit."""
    return units.encode((device.component(FLAT_201, ComponentStatus.FIRE, None),))


async def test_a_fault_in_an_alarm_leaves_the_alarm(hub: Hub, device: Transmitter) -> None:
    """Fault and alarm are two signals."""
    await device.fire(FLAT_201)
    await device.fault(FLAT_201)
    record = hub.state.points["f201.smoke"]
    assert (record.alarm, record.fault) == (True, True)


async def test_a_system_reset_restores_its_components(hub: Hub, device: Transmitter) -> None:
    """Some devices never clear a component, they only say reset."""
    await device.fire(FLAT_201)
    await device.reset()
    assert hub.state.points["f201.smoke"].alarm is False


async def test_an_analog_value_becomes_the_points_reading(hub: Hub, device: Transmitter) -> None:
    """Type 3: 125 tenths of %LEL are 12.5; it neither raises nor restores anything."""
    reading = units.Analog(1, 1, 42, FLAT_201.raw, 6, 125)
    await device.exchange(device.frame(units.encode((reading,))))
    record = hub.state.points["f201.smoke"]
    assert (record.value, record.alarm) == (12.5, None)


@pytest.mark.parametrize(
    "dialect",
    [
        Dialect(bcd=True),
        Dialect(main_version=0x10),
        Dialect(heartbeat=b"\x16"),
        Dialect(heartbeat=b""),
    ],
)
async def test_dialects_of_real_devices_are_understood(hub: Hub, server: Gb26875Server, dialect: Dialect) -> None:
    """Time in BCD, odd versions, either heartbeat."""
    device = await Transmitter.connect("127.0.0.1", server.port, 4097, dialect)
    beat = await device.heartbeat()
    assert (beat.command, beat.data) == (Command.CONFIRM, b"\x17" if dialect.heartbeat else b"")
    await device.fire(FLAT_201)
    assert hub.state.points["f201.smoke"].alarm is True
    await device.close()


async def test_a_device_without_an_address_is_known_by_where_it_comes_from(hub: Hub, server: Gb26875Server) -> None:
    """Source address zero: the peer's IP address stands in; unknown here, so the fire is unplaced and still raises."""
    device = await Transmitter.connect("127.0.0.1", server.port, 4097, Dialect(zero_source=True))
    await device.fire(FLAT_201)
    (incident,) = hub.state.incidents.values()
    assert incident.hazard == "unplaced"
    assert "peer:127.0.0.1" in incident.place
    await device.close()


async def test_the_link_is_up_while_any_connection_speaks(hub: Hub, server: Gb26875Server, device: Transmitter) -> None:
    """Two connections claim one identity: both are heard, and the end of one loses nothing."""
    await device.heartbeat()
    second = await Transmitter.connect("127.0.0.1", server.port, 4097)
    await second.fire(FLAT_201)
    await second.close()
    await device.heartbeat()
    assert ("gb26875", "4097") in hub.state.links_up
    await device.close()
    await until(lambda: ("gb26875", "4097") not in hub.visible.links_up)
    assert hub.state.points["f201.smoke"].alarm is True


async def test_random_bytes_cost_the_sender_its_connection_only(
    hub: Hub, server: Gb26875Server, device: Transmitter
) -> None:
    """Rubbish is refused; a device on another connection notices nothing."""
    hostile = await Transmitter.connect("127.0.0.1", server.port, 1, local=HOSTILE)
    hostile.send_raw(b"\x40\x40" * 400 + secrets.token_bytes(100_000) + b"@@" + b"\xff" * 4000)
    assert (await device.fire(FLAT_201)).command == Command.CONFIRM
    await ended(hostile)


async def test_a_length_of_two_gigabytes_is_refused(server: Gb26875Server, device: Transmitter) -> None:
    """The length field can claim 65,535 at most, and 1,024 is the limit; nothing is waited for."""
    hostile = await Transmitter.connect("127.0.0.1", server.port, 1, local=HOSTILE)
    hostile.send_raw((b"\x40\x40" + b"\xff" * 60) * 100)
    await ended(hostile)
    assert (await device.heartbeat()).command == Command.CONFIRM


async def test_a_thousand_connections_are_refused_beyond_the_limit(server: Gb26875Server, device: Transmitter) -> None:
    """One peer holds a limited number; a device from elsewhere is served meanwhile."""
    await device.heartbeat()
    opened = [await asyncio.open_connection("127.0.0.1", server.port, local_addr=(HOSTILE, 0)) for _ in range(1000)]
    assert (await device.fire(FLAT_201)).command == Command.CONFIRM
    assert len(server._connections) <= MAX_PER_PEER + 1
    fresh = await Transmitter.connect("127.0.0.1", server.port, 4098)
    assert (await fresh.heartbeat()).command == Command.CONFIRM
    await fresh.close()
    for _, writer in opened:
        writer.close()


async def test_a_slow_sender_holds_up_nobody(server: Gb26875Server, device: Transmitter) -> None:
    """One byte now and then: the others are served between its bytes."""
    slow = await Transmitter.connect("127.0.0.1", server.port, 1, local=HOSTILE)
    for byte in b"\x40\x40\x01\x00\x01":
        slow.send_raw(bytes((byte,)))
        assert (await device.heartbeat()).command == Command.CONFIRM
    await slow.close()


async def ended(device: Transmitter) -> None:
    """The centre has cut this connection."""
    async with asyncio.timeout(5):
        with pytest.raises(ConnectionError):
            await device.replies(10_000)
    await device.close()


async def until(condition: object) -> None:
    """Wait, by turns of the loop, until a condition holds."""
    async with asyncio.timeout(5):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0)
