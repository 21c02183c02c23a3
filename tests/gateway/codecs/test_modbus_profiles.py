"""The two built-in Modbus profiles, and what any registers may do to them."""

import pytest
from hypothesis import given, strategies as st

from community_help_gateway.codecs.modbus.profile import ProfileError, load, parse
from community_help_gateway.codecs.modbus.registers import NumberType, WordOrder, number, ppm

GAS = load("gas_4mz_hh4")
BOX = load("waveshare_io_8ch")
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
        (3, None, True, False),
        (5, True, False, True),
        (6, True, False, True),
        (7, None, True, False),
        (0xF, None, True, False),
        (0x77, None, True, False),
    ],
)
def test_the_sensors_own_state_decides(state: int, alarm: bool | None, fault: bool, known: bool) -> None:
    """Its alarms are alarms, its faults are faults with an unknown value, warming up is neither."""
    (reading,) = GAS.decode(0, [0x2400, 30, 0, 0, 0, state])
    assert (reading.alarm, reading.fault, reading.value is not None) == (alarm, fault, known)


def test_oxygen_alarms_both_ways_and_restores_only_well_inside() -> None:
    """Below 19.5 or above 23.5 %VOL is an alarm (GB/T 50493-2019, 5.5.2); at 19.6 nothing is said yet."""

    def alarm(tenths: int) -> bool | None:
        return GAS.decode(1, [0x4400, tenths, 0, 0, 0, 1])[0].alarm

    assert [alarm(209), alarm(196), alarm(194), alarm(236)] == [False, None, True, True]


def test_milligrams_become_ppm() -> None:
    """10 mg/m³ of H2S are 7.06 ppm at 20 °C."""
    assert ppm(10, 34.08) == pytest.approx(7.06, abs=0.01)
    (reading,) = GAS.decode(3, [0x6000, 10, 0, 0, 0, 1])
    assert reading.value == pytest.approx(7.06, abs=0.01)
    assert reading.alarm is True


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
    with pytest.raises(ProfileError, match="gas_4mz_hh4, waveshare_io_8ch"):
        load("nothing")
