"""The counts over compounds and buildings, and over open incidents: kept by changes, equal to what a recount finds."""

import random
from dataclasses import replace

from custom_components.community_help.contract import values
from custom_components.community_help.open_incidents import OpenIncidents
from custom_components.community_help.tally import (
    Flag,
    Tallies,
    building_group,
    building_of,
    compound_group,
    topic,
)
from tests.integration.conftest import DEVICES, INCIDENT
from tests.integration.entity_world import smoke_alarm

PROBLEMS = ("fault", "battery_low", "offline", "link_lost", "tamper")
KEYS = (compound_group("bay"), building_group("bay", "1号楼"))


def anything(luck: random.Random, point: str) -> values.PointState:
    """What a point might say."""
    return values.PointState(
        point,
        luck.random() < 0.7,
        alarm=luck.choice((None, False, True)),
        problems=tuple(luck.sample(PROBLEMS, luck.randrange(3))),
        bypassed_until=luck.choice((None, 5000.0)),
    )


def recounted(key: str, states: dict[str, values.PointState]) -> dict[str, object]:
    """The counts of a group, from nothing but the devices and their states."""
    found: dict[str, object] = {}
    members = [device for device in DEVICES if key in (compound_group(device.compound), building_of(device))]
    said = {device.id: [states[p.id] for p in device.points if p.id in states] for device in members}
    found["size"] = len(members)
    found["alarm"] = {own for own, all_of_it in said.items() if any(item.alarm for item in all_of_it)}
    found["known"] = {own for own, all_of_it in said.items() if any(item.alarm is not None for item in all_of_it)}
    found["offline"] = {own for own, all_of_it in said.items() if not any(item.available for item in all_of_it)}
    found["battery"] = {own for own, items in said.items() if any("battery_low" in item.problems for item in items)}
    found["problem"] = {own for own, items in said.items() if any(item.problems for item in items)}
    points = [item for items in said.values() for item in items]
    found["bypassed"] = sum(item.bypassed_until is not None for item in points)
    found["causes"] = {cause: n for cause in PROBLEMS if (n := sum(cause in item.problems for item in points))}
    return found


def counted(tallies: Tallies, key: str) -> dict[str, object]:
    """The same, as it was kept."""
    group = tallies.group(key)
    flags = (Flag.ALARM, Flag.KNOWN, Flag.OFFLINE, Flag.BATTERY, Flag.PROBLEM)
    found: dict[str, object] = {str(flag.name).lower(): set(group.having[flag]) for flag in flags}
    return {
        **found,
        "size": group.size,
        "bypassed": group.bypassed,
        "causes": {cause: n for cause, n in group.causes.items() if n},
    }


def test_the_counts_are_what_a_recount_finds() -> None:
    """After any sequence of changes, whether they come one by one or many at a time, and after a new snapshot."""
    luck = random.Random(7)
    points = [point.id for device in DEVICES for point in device.points]
    states: dict[str, values.PointState] = {}
    tallies = Tallies()
    tallies.rebuild(DEVICES, states)
    for turn in range(300):
        batch = [anything(luck, point) for point in luck.choices(points, k=luck.choice((1, 1, 5)))]
        tallies.take(batch)
        states.update({item.point: item for item in batch})
        if turn == 150:
            tallies.rebuild(DEVICES, states)
        for key in KEYS:
            assert counted(tallies, key) == recounted(key, states), turn


def test_a_change_names_only_the_counts_that_differ() -> None:
    """An alarm wakes who counts alarms of that building and compound, and nobody who counts batteries."""
    other = smoke_alarm("bay", "2号楼", "301", "g301")
    tallies = Tallies()
    normal = {p.id: values.PointState(p.id, True, alarm=False) for d in (*DEVICES, other) for p in d.points}
    tallies.rebuild((*DEVICES, other), normal)
    alarm = replace(normal["f201.smoke"], alarm=True)
    assert set(tallies.take([alarm])) == {"f201.smoke", *(topic(key, Flag.ALARM) for key in KEYS)}
    assert set(tallies.take([alarm])) == {"f201.smoke"}
    assert set(tallies.take([values.PointState("nobody", True, alarm=True)])) == {"nobody"}


def test_the_cost_of_a_change_does_not_grow_with_the_community() -> None:
    """One change looks at the points of its own device and at no other."""

    class Counting(dict[str, values.PointState]):
        asked = 0

        def get(self, key: str, default: object = None) -> values.PointState | None:  # type: ignore[override]
            self.asked += 1
            return super().get(key)

    for flats in (10, 3000):
        many = [smoke_alarm("bay", f"{number // 100}号楼", f"{number}01", f"h{number}") for number in range(flats)]
        tallies = Tallies()
        tallies.rebuild(many, {f"h{n}.smoke": values.PointState(f"h{n}.smoke", True) for n in range(flats)})
        tallies._said = counting = Counting(tallies._said)
        tallies.take([values.PointState("h5.smoke", True, alarm=True)])
        assert counting.asked == 2


def test_open_incidents_are_counted_by_compound() -> None:
    """Those without a compound count everywhere, self-tests nowhere; what is closed, or worse, is counted so."""
    known = OpenIncidents([INCIDENT, replace(INCIDENT, id="ep-2", compound="", severity=values.Severity.NOTICE)])
    assert (known.count("bay"), known.worst("bay")) == (2, values.Severity.ALARM)
    assert (known.count("hill"), known.worst("hill")) == (1, values.Severity.NOTICE)
    known.take(replace(INCIDENT, id="ep-9", hazard=values.Hazard.SELF_TEST))
    assert known.count("bay") == 2
    known.take(replace(INCIDENT, severity=values.Severity.DANGER, drill=True))
    assert (known.worst("bay"), known.drills("bay")) == (values.Severity.DANGER, 1)
    known.take(replace(INCIDENT, severity=values.Severity.UNKNOWN))
    assert (known.worst("bay"), known.drills("bay")) == (values.Severity.ALARM, 0)
    for _ in range(2):
        known.take(replace(INCIDENT, state=values.IncidentState.CLOSED))
        assert (known.count("bay"), known.worst("bay")) == (1, values.Severity.NOTICE)
    known.take(replace(INCIDENT, id="ep-2", compound="", state=values.IncidentState.CLOSED))
    assert (known.count("bay"), known.worst("bay"), known.newest("bay", 5)) == (0, None, [])


def test_the_newest_incidents_are_named_first() -> None:
    """As many as there is room for, whichever compound they are of."""
    own = [replace(INCIDENT, id=f"ep-{number}", opened_at=float(number)) for number in (1, 3, 5)]
    common = [replace(INCIDENT, id=f"ep-{number}", opened_at=float(number), compound="") for number in (2, 4)]
    known = OpenIncidents([*own, *common])
    assert [incident.id for incident in known.newest("bay", 3)] == ["ep-5", "ep-4", "ep-3"]
