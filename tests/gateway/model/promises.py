"""The promises that can be seen in one step, each as a function that is named after it."""

from collections.abc import Collection

from community_help_gateway.model.draft import Decision
from community_help_gateway.model.incident import Incident
from community_help_gateway.model.kinds import Hazard, PointKind
from community_help_gateway.model.observation import LinkState, Observation, Reset
from community_help_gateway.model.policy import Policy
from community_help_gateway.model.state import Event, EventKind, PointRecord, State
from tests.gateway.model.history import unanswered
from tests.gateway.model.steps import Step

LANE_LEVELS = 3
INJECTED = 0
"""The episode that an injected alarm has: its sensor said nothing."""

ENDS_BY_ITSELF = {Hazard.FIRE_LANE, Hazard.APPLIANCE, Hazard.SUPERVISION}


def the_record_has_no_gaps(step: Step) -> None:
    """Numbers grow by one, each event shows its records as they then were, nothing changes without an event."""
    numbers = [event.number for event in step.decision.events]
    first = step.before.number + 1
    assert numbers == list(range(first, first + len(numbers))), numbers
    assert step.state.number == (numbers[-1] if numbers else step.before.number)
    last = {event.incident.id: event.incident for event in step.decision.events if event.incident}
    for incident in step.state.incidents.values():
        if incident != step.before.incidents.get(incident.id):
            assert last.get(incident.id) == incident, ("its last event shows an incident as it is", incident)
    for event in step.decision.events:
        if event.point:
            assert event.point.number == event.number, event


def promise_2_a_live_alarm_is_a_live_member_of_one_incident(step: Step) -> None:
    """Unless a bypass holds it back, it waits to raise again, or its drill was closed early."""
    members: dict[str, list[str]] = {}
    for incident_id, group in step.state.members.items():
        for member in group.values():
            if member.restored_at is None:
                members.setdefault(member.point, []).append(incident_id)
    for record in step.state.points.values():
        if not record.alarm or record.id not in step.site.points:
            continue
        incident = step.state.incidents.get(record.incident)
        if incident is None:
            assert _waits(step, record), ("promises 2, 4, 9: a live alarm is in no incident", record)
            continue
        member = step.state.members[incident.id][record.id]
        assert member.restored_at is None, ("promise 2", member, record)
        assert member.episode in (record.episode, INJECTED), ("promise 2", member, record)
        real = [i for i in members[record.id] if i == incident.id or not step.state.incidents[i].drill]
        others = {i for i in real if step.state.members[i][record.id].episode == INJECTED} - {incident.id}
        assert set(real) - others == {incident.id}, ("promise 2: in one incident", record, real)


def _waits(step: Step, record: PointRecord) -> bool:
    rehearsed = any(record.id in drill.points for drill in step.state.drills.values())
    held = record.id in step.state.bypasses
    return held or f"raise_again:{record.id}" in step.state.deadlines or rehearsed


def promise_3_every_open_incident_pages_again_or_has_a_clock(step: Step) -> None:
    """An unanswered one has one page that runs out, or one to come; an answered one is looked at again."""
    waits = step.state.deadlines
    for incident in step.state.incidents.values():
        policy = policy_of(step, incident)
        pages = [page for page in step.state.pages.values() if page.incident == incident.id]
        assert len(pages) <= 1, ("one unsettled page", pages)
        assert not pages or pages[0].id == incident.page, ("the page that the incident names", pages, incident)
        stops = not (policy.pages and policy.repeats)
        if not unanswered(incident):
            assert not pages, ("nobody is asked for what is answered", pages)
            assert incident.needs_review or f"review:{incident.id}" in waits, ("promise 3: a clock", incident)
        elif incident.needs_review:
            assert stops, ("promise 3: an unanswered incident pages on", incident)
        else:
            again = (pages and f"answer:{pages[0].id}" in waits) or f"page:{incident.id}" in waits
            again = again or (stops and f"review:{incident.id}" in waits)
            assert again, ("promise 3: pages again", incident)


def policy_of(step: Step, incident: Incident) -> Policy:
    """The policy that an incident keeps."""
    kept = step.state.policies[incident.policy]
    return kept.find(incident.compound, incident.hazard, incident.severity)


def promise_3_only_lanes_appliances_and_supervision_end_by_themselves(step: Step) -> None:
    """A lane only after a live "free", supervision only when its cause is gone; a drill with its end."""
    for event in closed_by_the_gateway(step):
        incident = event.incident
        assert incident
        if event.detail == "drill_ended":
            assert incident.drill, ("promise 5: only what is drill ends with it", event)
            assert incident.hazard is not Hazard.SELF_TEST, ("a drill's end ends no self-test", event)
            continue
        if event.detail == "self_test":
            assert incident.hazard is Hazard.SELF_TEST, ("only a self-test ends by its clock", event)
            assert step.cause.due, ("a self-test ends by its clock", event)
            continue
        assert incident.hazard in ENDS_BY_ITSELF, ("promise 3", event)
        if incident.hazard is Hazard.FIRE_LANE:
            _a_lane_was_heard_to_be_free(step)
        elif incident.hazard is Hazard.APPLIANCE:
            _an_appliance_was_heard_to_be_well(step)
        else:
            assert step.cause.said is not None or step.cause.look, ("promise 3: never on silence", event)
            assert not (isinstance(step.cause.said, LinkState) and not step.cause.said.up), event


def _an_appliance_was_heard_to_be_well(step: Step) -> None:
    assert step.cause.due, "an appliance's incident ends by its clock"
    assert step.cause.due.kind == "free"
    record, point = step.state.points[step.cause.due.subject], step.site.points[step.cause.due.subject]
    assert not record.alarm, ("promise 3: never while it is in alarm", record)
    assert (point.address.link, point.address.device) in step.state.links_up, "promise 3: never on silence"


def _a_lane_was_heard_to_be_free(step: Step) -> None:
    assert step.cause.due, "a lane's incident ends by its clock"
    assert step.cause.due.kind == "free"
    point = step.site.points[step.cause.due.subject]
    assert not step.told.voices[point.id].on, ("promise 3: never while occupied", point)
    assert (point.address.link, point.address.device) in step.state.links_up, "promise 3: never on silence"


def closed_by_the_gateway(step: Step) -> list[Event]:
    """The incidents that ended by themselves."""
    return [event for event in step.decision.events if event.kind is EventKind.CLOSED and event.person == "gateway"]


def promise_4_an_answer_needs_a_person(step: Step) -> None:
    """Who took an incident, and up to what, changes only by an identified person's decision."""
    for known in step.before.incidents.values():
        now = step.state.incidents.get(known.id)
        if now and not step.cause.person:
            one, other = (
                (item.owner, item.acknowledged_revision, item.acknowledged_at, item.cause, item.note)
                for item in (known, now)
            )
            assert one == other, ("promises 3 and 6: only a person takes", known, now)
    if step.cause.person in ("", "automation"):
        taken = {EventKind.ACKNOWLEDGED, EventKind.HANDLING, EventKind.HANDED_OVER}
        assert not [event for event in step.decision.events if event.kind in taken], "promise 3: identified"


def promise_5_a_point_is_in_alarm_if_it_was_told_so(step: Step) -> None:
    """Fault, tamper, test and battery neither make nor end an alarm; nor does anything but its own restore."""
    for point in step.site.points.values():
        record = step.state.points.get(point.id)
        if point.kind in (PointKind.SMOKE, PointKind.CALL_POINT, PointKind.GAS):
            told = step.told.voices[point.id].live
            assert bool(record and record.alarm) is told, ("promises 5 and 6", record, step.told.voices[point.id])


def promise_5_drill_is_only_what_was_injected_or_named(step: Step) -> None:
    """Everything else is real; what was in alarm before the drill was named stays real."""
    for event in step.decision.events:
        if event.kind not in (EventKind.RAISED, EventKind.JOINED) or not event.incident or not event.member:
            continue
        if event.incident.drill and event.point:
            named = [drill for drill in step.before.drills.values() if event.member.point in drill.points]
            assert named, ("promise 5: drill was named beforehand", event)
            before = step.before.points.get(event.member.point)
            real = before is not None and before.alarm and before.fold and not before.fold.startswith("drill:")
            assert not real, ("promise 5: what began as real stays real", event)


def promise_3_a_lane_has_the_clock_that_it_needs(step: Step) -> None:
    """Occupied it comes to its next level, free it comes to its end."""
    for point in step.site.points.values():
        record = step.state.points.get(point.id)
        if record is None or point.kind is not PointKind.LANE:
            continue
        if record.on and record.level < LANE_LEVELS:
            assert f"dwell:{point.id}" in step.state.deadlines, ("promise 3: a lane's clock", record)
        if record.level and not record.on:
            assert f"free:{point.id}" in step.state.deadlines, ("promise 3: a lane's clock", record)


def promise_6_a_live_alarm_ends_only_by_its_own_word(step: Step) -> None:
    """An explicit restore or a low value of that point, a reset of its system, a lane's held "free"."""
    for before in step.before.points.values():
        now = step.state.points.get(before.id)
        if before.alarm and not (now and now.alarm):
            assert _may_end(step, before.id), ("promise 6", before, now)


def _may_end(step: Step, point_id: str) -> bool:
    point, said = step.site.points.get(point_id), step.cause.said
    if point is None:
        return False
    if point_id in step.site.stations.holds:  # the guard's own alarm: it is proven to be off, or a person wants it on
        proven = [event for event in step.decision.events if event.kind is EventKind.VERIFIED]
        return bool(step.cause.person) or point_id in {event.subject for event in proven}
    if isinstance(said, Observation):
        own = step.site.resolve(said.address) is point and point.kind is not PointKind.LANE
        return own and (said.alarm is False or said.value is not None) and step.told.may_end(point_id, said)
    if isinstance(said, Reset):
        return said.address.device == point.address.device and step.told.may_end(point_id, said)
    return step.cause.due is not None and step.cause.due.id == f"free:{point_id}"


def promise_6_a_normal_makes_nothing_worse(step: Step) -> None:
    """Whatever says that nothing is in alarm raises, joins and worsens nothing but supervision."""
    said = step.cause.said
    quiet = isinstance(said, Observation) and not said.alarm and said.value is None and not said.on
    for event in step.decision.events if quiet else ():
        if event.kind in (EventKind.RAISED, EventKind.JOINED, EventKind.WORSENED):
            assert event.incident
            assert event.incident.hazard is Hazard.SUPERVISION, ("promises 5 and 6", event)


def promise_6_the_field_leaves_what_is_latched(step: Step) -> None:
    """No word of the field ends an incident, but a supervision incident whose cause is gone."""
    for known in step.before.incidents.values() if step.cause.said else ():
        if known.id not in step.state.incidents:
            assert known.hazard is Hazard.SUPERVISION, ("promise 6: latched", known)


def promise_6_an_unplaced_alarm_is_live_as_told(step: Step) -> None:
    """The alarm of a device that nobody knows ends by its own word, too."""
    incidents = [item for item in step.state.incidents.values() if item.hazard is Hazard.UNPLACED]
    members = [member for incident in incidents for member in step.state.members[incident.id].values()]
    live = {member.point for member in members if member.restored_at is None}
    for member in members:
        voice = step.told.voices[member.point]
        assert not voice.live or member.point in live, ("promise 6: unplaced", member, voice)


def promise_9_bypasses_and_drills_end(step: Step) -> None:
    """Each has an owner and a running end; two points of one building are never both held back."""
    for point, bypass in step.state.bypasses.items():
        assert bypass.person
        assert f"bypass:{point}" in step.state.deadlines, ("promise 9: it ends", bypass)
    for compound, drill in step.state.drills.items():
        assert drill.person
        assert f"drill:{compound}" in step.state.deadlines, ("promise 9: it ends", drill)
    for fold, group in step.state.alarming.items():
        held = [point for point in group if not step.state.points[point].incident]
        assert len(held) <= 1 or not set(held) <= step.site.points.keys(), ("promise 9: breaks through", fold, held)


def promise_14_no_wait_is_longer_than_it_was(step: Step) -> None:
    """And one wait that comes tells one more tier at most."""
    for wait in step.state.deadlines.values():
        assert 0 <= wait.remaining(step.now) <= wait.length, wait
    if step.cause.due is None:
        return
    staff = step.state.roster.staff if step.state.roster else step.site.staff
    tiers = sorted({member.tier for member in staff})
    for before in step.before.incidents.values():
        now = step.state.incidents.get(before.id)
        if now:
            skipped = [tier for tier in tiers if before.tier < tier < now.tier]
            on_duty = [m for m in staff if m.tier in skipped and m.serves(now.compound) and _on_duty(step, m.id)]
            assert not on_duty, ("promise 14: one tier at once", before, now)


def promise_14_only_a_lack_of_proof_shortens_a_wait(step: Step) -> None:
    """A page's time to answer never grows, and is cut only down to the policy's ``unproven``, which is written down."""
    hurried = {event.subject for event in step.decision.events if event.kind is EventKind.UNPROVEN}
    for page in step.state.pages.values():
        before = step.before.pages.get(page.id)
        if before is None or page.answer_by == before.answer_by:
            assert page.id not in hurried, ("what is written down happened", page)
            continue
        wait, unproven = step.state.deadlines[f"answer:{page.id}"], policy_of(step, step.state.incidents[page.incident])
        assert page.id in hurried, ("promise 14: only a lack of proof", before, page)
        assert (wait.due_at, wait.length) == (page.answer_by, unproven.unproven), ("the page says its end", page, wait)
        was = step.before.deadlines[wait.id].remaining(step.now)
        assert 0 < wait.length < was, ("promise 14: shorter, never longer", before, page)
        assert step.state.incidents[page.incident] == step.before.incidents[page.incident], (
            "no tier is told by it",
            page,
        )


def a_self_test_disturbs_nobody(step: Step) -> None:
    """One at a time in a compound, with one page, to all its staff; it ends, and no alarm is ever in it."""
    tests = [item for item in step.state.incidents.values() if item.hazard is Hazard.SELF_TEST]
    assert len({item.compound for item in tests}) == len(tests), ("one at a time", tests)
    for incident in tests:
        assert f"test_end:{incident.id}" in step.state.deadlines, ("it ends by itself", incident)
        assert len(step.state.members[incident.id]) == 1, ("no alarm folds into it", incident)
        assert incident.drill, incident
        assert (incident.owner, incident.revision, incident.tier) == ("", 1, 1), (
            "nothing is asked of anybody",
            incident,
        )
    for event in step.decision.events:
        if not (event.incident and event.incident.hazard is Hazard.SELF_TEST):
            continue
        assert event.kind not in (EventKind.OVERDUE, EventKind.ESCALATED, EventKind.JOINED), ("in silence", event)
        again = event.page is not None and event.page.id in step.before.pages
        if event.kind is EventKind.PAGED and event.page and not again:
            assert event.incident.id not in step.before.incidents, ("one page", event)
            roster = step.state.roster
            staff = roster.staff if roster else step.site.staff
            serving = {member.id for member in staff if member.serves(event.incident.compound)}
            assert (set(event.page.people), event.page.reason) == (serving, "self_test"), ("all of its staff", event)
            assert event.page.answer_by == 0, ("nothing waits for an answer", event)


def a_refusal_of_permission_changes_nothing(step: Step) -> None:
    """That somebody was not permitted to do something is written down, and that is all."""
    for event in step.decision.events:
        if event.kind is EventKind.REFUSED:
            assert len(step.decision.events) == 1, event
            assert step.state.incidents == step.before.incidents, event
            assert step.state.deadlines == step.before.deadlines, event
            assert step.state.pages == step.before.pages, event


def a_closing_ends_only_what_was_seen(step: Step) -> None:
    """Promise 4: nobody ends what became worse after they looked."""
    for event in step.decision.events:
        if event.kind is EventKind.CLOSED and event.person != "gateway" and step.cause.revision:
            known = step.before.incidents[event.subject]
            assert step.cause.revision >= known.worse_revision, ("promise 4: ends what was not seen", known)


def _on_duty(step: Step, person: str) -> bool:
    roster = step.state.roster
    member = next(m for m in (roster.staff if roster else step.site.staff) if m.id == person)
    shifts = roster.shifts if roster else ()
    return member.always or any(s.person == person and s.start <= step.now < s.end for s in shifts)


def the_indexes_say_what_the_records_say(state: State) -> None:
    """Counts and indexes are nothing but the records, seen differently; nothing is left over."""
    alarming: dict[str, dict[str, None]] = {}
    for record in state.points.values():
        if record.alarm and record.fold:
            alarming.setdefault(record.fold, {})[record.id] = None
    assert state.alarming == alarming, "alarming"
    unplaced = {item.id for item in state.incidents.values() if item.hazard is Hazard.UNPLACED}
    assert state.unplaced == unplaced, "unplaced"
    assert state.members.keys() == state.incidents.keys(), "members belong to open incidents"
    for incident in state.incidents.values():
        live = [item for item in state.members[incident.id].values() if item.restored_at is None]
        assert incident.live == len(live), ("live members", incident, live)
        found = state.incident_for(incident.key)
        assert found, ("an open incident takes what folds under its key", incident)
        assert found.key == incident.key
    _waits_belong_to_something(state)


def _waits_belong_to_something(state: State) -> None:
    owners: dict[str, Collection[str]] = {
        **dict.fromkeys(("accept", "answer"), state.pages),
        **dict.fromkeys(("page", "investigate", "quiet", "review", "test_end"), state.incidents),
    }
    for wait in state.deadlines.values():
        assert wait.kind not in owners or wait.subject in owners[wait.kind], ("a wait for nothing", wait)
    for page in state.pages.values():
        assert page.incident in state.incidents, ("a page for nothing", page)


def a_refusal_changes_nothing(step: Step) -> None:
    """A command that cannot be carried out leaves everything as it was."""
    if step.decision.refusal:
        assert step.decision == Decision(refusal=step.decision.refusal)


CHECKS = (
    the_record_has_no_gaps,
    a_refusal_changes_nothing,
    promise_2_a_live_alarm_is_a_live_member_of_one_incident,
    promise_3_every_open_incident_pages_again_or_has_a_clock,
    promise_3_only_lanes_appliances_and_supervision_end_by_themselves,
    promise_3_a_lane_has_the_clock_that_it_needs,
    promise_4_an_answer_needs_a_person,
    promise_5_a_point_is_in_alarm_if_it_was_told_so,
    promise_5_drill_is_only_what_was_injected_or_named,
    promise_6_a_live_alarm_ends_only_by_its_own_word,
    promise_6_a_normal_makes_nothing_worse,
    promise_6_the_field_leaves_what_is_latched,
    promise_6_an_unplaced_alarm_is_live_as_told,
    promise_9_bypasses_and_drills_end,
    promise_14_no_wait_is_longer_than_it_was,
    promise_14_only_a_lack_of_proof_shortens_a_wait,
    a_self_test_disturbs_nobody,
    a_refusal_of_permission_changes_nothing,
    a_closing_ends_only_what_was_seen,
)
"""What must hold after every step."""
