"""The worked frames of GB/T 26875.3-2011, and what any bytes may do to the codec."""

from datetime import datetime

import pytest
from hypothesis import given, settings, strategies as st

from community_help_gateway.codecs.gb26875 import (
    Command,
    Decoder,
    Frame,
    Reason,
    Refused,
    confirm,
    deny,
    is_heartbeat,
    time_label,
    units,
)
from community_help_gateway.codecs.gb26875.status import ComponentStatus, Operation, SystemStatus, TransmitterStatus

LABEL = bytes.fromhex("0C1E09170B1A")
OLD = bytes.fromhex("023A091A090C")
BUILT = datetime(2026, 11, 23, 9, 30, 12, tzinfo=time_label.CHINA).timestamp()


def component(kind: int, raw: str, status: int, text: str, time: bytes = LABEL) -> units.Component:
    """One component of system 1.1."""
    return units.Component(1, 1, kind, bytes.fromhex(raw), ComponentStatus(status), text, time)


MEANINGS: dict[str, tuple[units.Object, ...]] = {
    "P1": (component(40, "0A000200", 2, "", OLD),),
    "P4": (units.Transmitter(TransmitterStatus.MAIN_POWER, OLD),),
    "P5": (units.TransmitterOperation(Operation.CONFIRM, 1, OLD),),
    "P6": (units.TransmitterVersion(1, 1),),
    "P7": (units.TransmitterTime(OLD),),
    "P12": (
        units.Component(
            1, 3, 0, bytes.fromhex("D9000600"), ComponentStatus.FIRE, "Ａ区１层呷哺走廊", bytes.fromhex("301213010814")
        ),
    ),
    "P13": (component(42, "01000100", 2, "1号沤哭3襄1回路1号", bytes.fromhex("25110301060C")),),
    "P15": (units.TransmitterVersion(1, 0),),
    "A1": (component(42, "03001100", 2, "3号楼2单元烟感"),),
    "A3": (component(42, "03001100", 4, "3号楼2单元烟感"),),
    "A4": (component(42, "03001100", 1, "3号楼2单元烟感"),),
    "A5": (
        units.Analog(1, 1, 11, bytes.fromhex("09000100"), 6, 125, LABEL),
        units.Analog(1, 1, 11, bytes.fromhex("09000200"), 3, -105, LABEL),
    ),
    "A6": (units.System(1, 1, SystemStatus.FIRE | SystemStatus.BUS_FAULT | SystemStatus.MANUAL, LABEL),),
    "A8": (units.Transmitter(TransmitterStatus.NORMAL | TransmitterStatus.LINE, LABEL),),
    "A9": (units.TransmitterOperation(Operation.CONFIRM, 7, LABEL),),
    "A14": (component(23, "23234040", 2, "手报##@@"),),
}
HEADS = {  # serial, command, source, destination, user version
    "P1": (1, Command.SEND, 889, 88888),
    "P2": (1, Command.CONFIRM, 88888, 889),
    "P3": (1, Command.DENY, 88888, 889),
    "P8": (1, Command.REQUEST, 88888, 889),
    "P9": (1, Command.CONTROL, 88888, 889),
    "P10": (1, Command.CONTROL, 88888, 889),
    "P11": (1, Command.CONTROL, 88888, 889),
    "P12": (0, Command.SEND, 0, 0x010203040506),
    "P13": (0x14, Command.SEND, 0x322C312C, 0x238E91074D78),
    "P14": (0x69, Command.SEND, 0, 0x1D6DD53C10AC),
    "P15": (0, Command.SEND, 0xD80, 0),
    "A1": (0x101, Command.SEND, 0x1001, 1),
    "A2": (0x101, Command.CONFIRM, 1, 0x1001),
    "A7": (0, Command.SEND, 0x1001, 1),
    "A10": (1, Command.CONTROL, 1, 0x1001),
    "A12": (3, Command.REQUEST, 1, 0x1001),
    "A13": (0x102, Command.DENY, 1, 0x1001),
}


def decode(data: bytes) -> list[Frame | Refused]:
    """All events of these bytes."""
    return Decoder().feed(data)


def the(data: bytes) -> Frame:
    """The one frame that these bytes are."""
    (frame,) = decode(data)
    assert isinstance(frame, Frame)
    return frame


@pytest.mark.parametrize("name", [f"P{n}" for n in range(1, 16)] + [f"A{n}" for n in range(1, 15)])
def test_every_worked_frame_decodes_and_encodes_to_itself(frames: dict[str, bytes], name: str) -> None:
    """Each worked frame is one frame, and writing it again gives the same bytes."""
    assert the(frames[name]).encode() == frames[name]


@pytest.mark.parametrize(("name", "head"), HEADS.items())
def test_the_head_says_serial_command_and_addresses(frames: dict[str, bytes], name: str, head: tuple[int, ...]) -> None:
    """The control unit's numbers are little-endian."""
    frame = the(frames[name])
    assert (frame.serial, frame.command, frame.source, frame.destination) == head


def test_version_and_time_label_are_kept(frames: dict[str, bytes]) -> None:
    """A field device with version 10 00 is accepted as it is."""
    frame = the(frames["P13"])
    assert (frame.main_version, frame.user_version) == (0x10, 0)
    assert frame.time == bytes.fromhex("0509091B0715")


@pytest.mark.parametrize("name", [name for name in MEANINGS if name != "P13"])
def test_the_data_unit_has_its_stated_meaning(frames: dict[str, bytes], name: str) -> None:
    """Types 1, 2, 3, 21, 24, 25 and 28 decode to the stated objects, completely."""
    unit = units.decode(the(frames[name]).data)
    assert unit is not None
    assert unit.complete
    assert unit.objects == MEANINGS[name]


def test_a_description_ends_at_its_first_nul(frames: dict[str, bytes]) -> None:
    """A real frame has garbage behind a NUL in its description; its fire is not harmed by that."""
    unit = units.decode(the(frames["P13"]).data)
    assert unit is not None
    (item,) = unit.objects
    assert isinstance(item, units.Component)
    assert (item.kind, item.raw.hex(), item.status, item.time) == (42, "01000100", 2, bytes.fromhex("25110301060C"))
    assert item.description.startswith("1")
    assert "\x00" not in item.description
    assert len(item.description.encode("gb18030", "replace")) < units.DESCRIPTION


@pytest.mark.parametrize("name", ["P8", "P9", "P10", "P11", "A10", "A11", "A12"])
def test_what_only_a_centre_says_is_named_and_not_guessed(frames: dict[str, bytes], name: str) -> None:
    """Downward types are told by number; nothing of them is taken for a status."""
    unit = units.decode(the(frames[name]).data)
    assert unit is not None
    assert unit.type == the(frames[name]).data[0]
    assert not unit.objects


def test_heartbeats_of_three_dialects_are_known(frames: dict[str, bytes]) -> None:
    """Empty data, the byte 16, and command 7 are heartbeats; 16 is answered by 17."""
    keep_alive = Frame(1, Command.KEEP_ALIVE, 1, 2)
    assert all(map(is_heartbeat, (the(frames["A7"]), the(frames["P14"]), keep_alive)))
    assert not is_heartbeat(the(frames["A1"]))
    assert confirm(the(frames["P14"]), LABEL).data == b"\x17"
    assert confirm(the(frames["A7"]), LABEL).data == b""


def test_replies_are_the_worked_ones(frames: dict[str, bytes]) -> None:
    """Confirm and deny echo serial and versions and swap the addresses."""
    label = bytes.fromhex("0F1E09170B1A")
    assert confirm(the(frames["A1"]), label).encode() == frames["A2"]
    assert deny(the(frames["A3"]), label).encode() == frames["A13"]


def test_a_wrong_checksum_is_refused_and_counted(frames: dict[str, bytes]) -> None:
    """The published reply to P14 carries 30 instead of 32."""
    good = confirm(the(frames["P14"]), the(frames["P14"]).time).encode()
    assert good[-3] == 0x32
    decoder = Decoder()
    events = decoder.feed(good[:-3] + b"\x30" + good[-2:])
    assert not any(isinstance(event, Frame) for event in events)
    assert decoder.refusals[Reason.CHECKSUM] == 1


@pytest.mark.parametrize("name", [f"P{n}" for n in range(1, 16)] + [f"A{n}" for n in range(1, 15)])
def test_splitting_and_merging_change_nothing(frames: dict[str, bytes], name: str) -> None:
    """A frame cut at every byte, and merged with its neighbours, gives the same events."""
    data = frames["A1"] + frames[name] + frames["A14"]
    whole = decode(data)
    assert whole == [the(frames["A1"]), the(frames[name]), the(frames["A14"])]
    for cut in range(1, len(data)):
        decoder = Decoder()
        assert decoder.feed(data[:cut]) + decoder.feed(data[cut:]) == whole
    decoder = Decoder()
    assert [event for byte in data for event in decoder.feed(bytes((byte,)))] == whole


def test_a_frame_inside_what_only_looked_like_one_is_found(frames: dict[str, bytes]) -> None:
    """A refusal skips one byte, never what follows."""
    false_head = b"\x40\x40" + bytes(22) + (8).to_bytes(2, "little") + b"\x02"
    assert the(frames["A1"]) in decode(false_head + frames["A1"])


@given(st.lists(st.binary(max_size=300), max_size=8))
def test_any_bytes_give_events_or_counted_refusals(portions: list[bytes]) -> None:
    """Nothing raises, every refusal is counted, and the buffer never outgrows one frame."""
    decoder = Decoder()
    events = [event for portion in portions for event in decoder.feed(portion)]
    assert decoder.refusals.total() == sum(isinstance(event, Refused) for event in events)
    assert decoder.pending <= 1024 + 30
    for event in events:
        if isinstance(event, Frame):
            units.decode(event.data)


@given(st.binary(max_size=200).filter(lambda noise: b"\x40" not in noise))
def test_a_frame_after_noise_is_found(noise: bytes) -> None:
    """Noise without a start mark cannot swallow what follows."""
    frame = Frame(7, Command.SEND, 4097, 1, b"")
    assert decode(noise + frame.encode())[-1] == frame


@given(
    st.builds(
        Frame,
        serial=st.integers(0, 0xFFFF),
        command=st.integers(1, 7),
        source=st.integers(0, 2**48 - 1),
        destination=st.integers(0, 2**48 - 1),
        data=st.binary(max_size=1024),
        time=st.binary(min_size=6, max_size=6),
        main_version=st.integers(0, 255),
        user_version=st.integers(0, 255),
    ),
    st.binary(max_size=60),
)
def test_every_frame_survives_writing_reading_and_neighbours(frame: Frame, noise: bytes) -> None:
    """Reading what was written gives the same frame, whatever marks its data imitates."""
    assert decode(frame.encode()) == [frame]
    assert frame in decode(frame.encode() + noise)


@given(st.binary(max_size=1024))
def test_no_data_unit_raises(data: bytes) -> None:
    """Counts and lengths that disagree give what fits, flagged."""
    unit = units.decode(data)
    assert unit is None or len(unit.objects) <= unit.count


def test_objects_without_time_label_are_read() -> None:
    """Some devices leave the label out; the length says so."""
    item = units.Component(1, 1, 42, b"\x03\x00\x11\x00", ComponentStatus.FIRE, "烟感")
    unit = units.decode(units.encode((item, item)))
    assert unit is not None
    assert unit.objects == (item, item)


def test_a_count_that_promises_too_much_is_flagged() -> None:
    """Two objects promised, one there: one is read, and the unit is not complete."""
    data = bytearray(units.encode((units.System(1, 1, SystemStatus.FIRE, LABEL),)))
    data[1] = 2
    unit = units.decode(bytes(data))
    assert unit is not None
    assert (len(unit.objects), unit.complete) == (1, False)


@given(st.text(max_size=40))
def test_descriptions_fit_and_end_on_a_character(text: str) -> None:
    """Any text becomes exactly 31 bytes whose reading is a beginning of the text."""
    raw = units.write_text(text)
    assert len(raw) == units.DESCRIPTION


@settings(max_examples=200)
@given(st.integers(1577836800, 1893456000), st.booleans())
def test_time_labels_of_both_dialects_are_told_apart(at: int, bcd: bool) -> None:
    """With the time of receipt at hand the label is read right, whichever way the vendor writes it."""
    reading = time_label.read(time_label.encode(at, bcd=bcd), at + 3)
    assert reading.at == at or (reading.at is not None and abs(reading.at - at - 3) <= 3)


def test_a_clock_that_is_years_off_is_not_believed(frames: dict[str, bytes]) -> None:
    """The real frame of 2021 carries an event stamped 2012: no device time is better than a wrong one."""
    received = datetime(2021, 7, 27, 9, 9, 5, tzinfo=time_label.CHINA).timestamp()
    assert time_label.read(bytes.fromhex("25110301060C"), received).at is None
    assert time_label.read(LABEL, BUILT + 3).at == BUILT


@given(st.binary(min_size=6, max_size=6), st.floats(0, 4e9))
def test_no_time_label_raises(label: bytes, now: float) -> None:
    """Impossible dates are no dates."""
    time_label.read(label, now)
