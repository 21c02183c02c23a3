"""The built-in Modbus profiles, and what any registers may do to them."""

import math

import pytest
from hypothesis import example, given, strategies as st

from community_help_gateway.codecs.modbus.profile import READ_INPUT_REGISTERS, ProfileError, Reading, load, parse
from community_help_gateway.codecs.modbus.registers import NumberType, WordOrder, number, ppm
from community_help_gateway.model.supervision import NO_VALUE

GAS = load("gas_4mz_hh4")
BOX = load("waveshare_io_8ch")
FACES = load("dfrobot_sen0626")
WORD = st.integers(0, 0xFFFF)


def test_the_wire_vectors_of_a_temperature_give_their_values() -> None:
    """00DB is 21.9 °C and FF90 is -11.2 °C at a tenth per step."""
    assert number([0x00DB], NumberType.I16) == 219
    assert number([0xFF90], NumberType.I16) == -112


def test_word_order_and_invalid_values_are_the_devices() -> None:
    """A power meter sends the low word first; 8000 means that there is no sensor."""
    assert number([0x006C, 0x0000], NumberType.U32, WordOrder.LOW_FIRST) == 108
    assert number([0x8000], NumberType.I16, invalid=(0x8000,)) is None
    assert number([0x7FC0, 0], NumberType.F32) is None


@pytest.mark.parametrize(
    ("words", "kind", "known"),
    [
        ([10], NumberType.U16, 10),
        ([11], NumberType.U16, None),
        ([0xFFFF], NumberType.U16, None),
        ([0xFFFF], NumberType.I16, -1),
        ([0x0001, 0x0000], NumberType.U32, None),
        ([0x4120, 0x0000], NumberType.F32, 10),
        ([0x4120, 0x0001], NumberType.F32, None),
    ],
)
def test_a_number_over_its_most_is_unknown(words: list[int], kind: NumberType, known: float | None) -> None:
    """A device that cannot mean more than 10 has said nothing with 11; its most itself is a number."""
    assert number(words, kind, most=10) == known


def test_a_gas_reading_unpacks_unit_decimals_and_state() -> None:
    """Unit %LEL with one decimal, 125 → 12.5 %LEL, normal."""
    (reading,) = GAS.decode(0, [0x2400, 125, 0, 0, 0, 1])
    assert (reading.key, reading.value, reading.alarm, reading.fault, reading.state) == (
        "ch4",
        12.5,
        False,
        False,
        "normal",
    )


@pytest.mark.parametrize(
    ("state", "alarm", "fault", "known"),
    [
        (0, None, False, False),
        (1, False, False, True),
        (2, None, True, False),
        (3, None, True, False),
        (4, False, False, True),
        (5, True, False, True),
        (6, True, False, True),
        (7, None, True, False),
        (8, True, False, True),
        (9, False, False, True),
        (0xA, None, True, False),
        (0xB, True, False, True),
        (0xC, True, False, True),
        (0xF, None, True, False),
        (0x77, None, True, False),
    ],
)
def test_the_sensors_own_state_is_told(state: int, alarm: bool | None, fault: bool, known: bool) -> None:
    """Its alarms are alarms, its faults are faults with an unknown value, warming up is neither."""
    (reading,) = GAS.decode(0, [0x2400, 30, 0, 0, 0, state])
    assert (reading.alarm, reading.fault, reading.value is not None) == (alarm, fault, known)


@pytest.mark.parametrize(
    ("block", "registers", "value"),
    [(0, [0x2400, 900], 90.0), (1, [0x4400, 100], 10.0), (2, [0x0000, 500], 500.0), (3, [0x6000, 10], 7.06)],
)
def test_a_value_alone_is_no_alarm(block: int, registers: list[int], value: float) -> None:
    """What a concentration means is the community's policy, not the profile's: the detector says normal."""
    (reading,) = GAS.decode(block, [*registers, 0, 0, 0, 1])
    assert reading.value == pytest.approx(value, abs=0.01)
    assert (reading.alarm, reading.fault, reading.state) == (False, False, "normal")


def test_an_alarm_whose_unit_nobody_knows_is_an_alarm_and_a_fault() -> None:
    """The detector's own word is not lost with its value."""
    (reading,) = GAS.decode(0, [0xF400, 30, 0, 0, 0, 6])
    assert (reading.value, reading.alarm, reading.fault) == (None, True, True)


def test_milligrams_become_ppm() -> None:
    """10 mg/m³ of H2S are 7.06 ppm at 20 °C."""
    assert ppm(10, 34.08) == pytest.approx(7.06, abs=0.01)
    (reading,) = GAS.decode(3, [0x6000, 10, 0, 0, 0, 1])
    assert reading.value == pytest.approx(7.06, abs=0.01)


def test_volume_percent_of_methane_become_percent_of_the_explosive_limit() -> None:
    """1 %VOL of methane is 20 %LEL; parts per billion are thousandths of a ppm."""
    assert GAS.decode(0, [0x4400, 10, 0, 0, 0, 1])[0].value == 20.0
    assert GAS.decode(2, [0x8000, 24_000, 0, 0, 0, 1])[0].value == 24.0


def test_a_profile_holds_no_thresholds() -> None:
    """They are in the model, where a community may change them."""
    good = {"id": "x", "blocks": [{"unit": 0, "function": 3, "address": 0, "count": 6, "interval": 1}], "writes": []}
    reading = {"key": "a", "block": 0, "decode": "packed_gas", "alarm_above": 10}
    with pytest.raises(ProfileError, match=r"mine.json.*alarm_above"):
        parse({**good, "readings": [reading]}, "mine.json")


@given(st.integers(0, 3), st.lists(WORD, max_size=8))
def test_no_registers_raise(block: int, words: list[int]) -> None:
    """Too few or odd registers are a fault with an unknown value."""
    for reading in GAS.decode(block, words):
        assert reading.value is not None or reading.fault or reading.state == "warming_up"


def test_inputs_and_relays_are_bits() -> None:
    """The third input is closed, and a missing bit is a fault, not "off"."""
    on = {reading.key: reading.on for reading in BOX.decode(0, [0, 0, 1, 0, 0, 0, 0, 0])}
    assert on["input_3"] is True
    assert on["input_1"] is False
    assert [(r.on, r.fault) for r in BOX.decode(1, [1])][:2] == [(True, False), (None, True)]


def test_only_the_eight_coils_may_be_written() -> None:
    """The write guard knows relays and nothing else."""
    assert [BOX.writes[f"relay_{n}"].coil for n in range(1, 9)] == list(range(8))
    assert set(BOX.writes) == {f"relay_{n}" for n in range(1, 9)}
    assert not GAS.writes


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"blocks": [{"unit": 0, "function": 3, "address": 0, "count": 300, "interval": 1}]}, "block 0"),
        ({"readings": [{"key": "x", "block": 5, "decode": "bit"}], "writes": []}, "reading x"),
        ({"readings": [{"key": "x", "block": 0, "decode": "magic"}], "writes": []}, "reading x"),
        ({"readings": [{"key": "x", "block": 0, "decode": "bit", "colour": 1}], "writes": []}, "colour"),
        ({"readings": [{"key": "x", "block": 0, "decode": "number", "max": "10"}]}, "reading x: max is not a number"),
        ({"readings": [{"key": "x", "block": 0, "decode": "number", "max": True}]}, "reading x: max is not a number"),
        (
            {"readings": [{"key": "x", "block": 0, "decode": "number", "max": math.nan}]},
            "reading x: max is not a number",
        ),
        ({"readings": [{"key": "x", "block": 0, "decode": "bit", "max": 1}]}, "reading x: max is only for a number"),
        ({"writes": [{"key": "gone", "unit": 0, "coil": 1}]}, "write gone"),
    ],
)
def test_a_wrong_profile_names_file_and_place(change: dict[str, object], place: str) -> None:
    """The error says where."""
    good = {
        "id": "x",
        "blocks": [{"unit": 0, "function": 3, "address": 0, "count": 2, "interval": 1}],
        "readings": [{"key": "a", "block": 0, "decode": "bit"}],
        "writes": [],
    }
    with pytest.raises(ProfileError, match=f"mine.json.*{place}"):
        parse({**good, **change}, "mine.json")


def test_an_unknown_profile_names_the_known_ones() -> None:
    """The installer sees what to write instead."""
    with pytest.raises(
        ProfileError, match="dfrobot_sen0626, eastron_sdm120, gas_4mz_hh4, pzem_016, waveshare_io_8ch, xy_md02"
    ):
        load("nothing")


def test_meters_and_thermometers_read_as_their_makers_say() -> None:
    """An SDM120 sends floats, a PZEM-016 the low word first, an XY-MD02 signed tenths of a degree."""
    sdm, pzem, room = load("eastron_sdm120"), load("pzem_016"), load("xy_md02")
    assert [(item.key, item.value) for item in sdm.decode(0, [0x4457, 0x8000])] == [("power", 862.0)]
    assert [(item.key, item.value) for item in sdm.decode(1, [0x3FC0, 0x0000])] == [("energy", 1.5)]
    readings = {item.key: item.value for item in pzem.decode(0, [0x2134, 0x0000, 0x05DC, 0x0001])}
    assert readings == {"power": pytest.approx(850.0), "energy": pytest.approx(67.036)}
    assert [(item.key, item.value) for item in room.decode(0, [0xFF90])] == [("temperature", pytest.approx(-11.2))]


def test_a_face_sensor_is_asked_only_how_many_people_there_are() -> None:
    """An SEN0626 also tells where a face is and how sure it is of it; nobody needs that, so it is never read."""
    (block,) = FACES.blocks
    assert (block.function, block.address, block.count) == (READ_INPUT_REGISTERS, 4, 1)
    assert (FACES.keys(0), FACES.writes) == (("people",), {})


def test_a_meter_whose_answer_is_no_number_says_so() -> None:
    """A word of its own, so that what it measured before does not stand for now."""
    assert load("eastron_sdm120").decode(0, [0x7FC0, 0]) == (Reading("power", fault=True, state=NO_VALUE),)


@pytest.mark.parametrize("count", [0, 1, 10])
def test_a_face_sensor_counts_from_none_to_ten(count: int) -> None:
    """What it says is the number of people."""
    assert FACES.decode(0, [count]) == (Reading("people", count, fault=False),)


@given(st.one_of(st.just([]), st.lists(st.integers(11, 0xFFFF), min_size=1, max_size=1)))
@example([11])
@example([0xFFFF])
def test_what_a_face_sensor_cannot_count_is_no_number_of_people(words: list[int]) -> None:
    """FFFF means "no face" in its other registers: a fault with an unknown value, neither a crowd nor nobody."""
    assert FACES.decode(0, words) == (Reading("people", fault=True, state=NO_VALUE),)
