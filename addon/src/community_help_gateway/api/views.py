"""The one file that maps the model to the wire and back."""

import math
import re
from itertools import islice

from ..contract import commands, messages, values
from ..model import adopted, bypass, guard, kinds, lifecycle, people, selftest
from ..model.audit import Health
from ..model.draft import Decide
from ..model.incident import Cause, Incident, Lease, Member, Page, Person
from ..model.observation import Observation
from ..model.roster import Shift, StaffMember
from ..model.site import Device, Point, Site
from ..model.state import INCIDENT_EVENTS, Event, PointRecord, Receipt, State
from ..model.supervision import DRIFT_SECONDS, NO_ANSWER, link_id

NEWEST = 20
"""So many members of an incident are told with it; the counts cover all (project's choice)."""

MAX_NOTE, MAX_NAME, MAX_POINTS, MAX_STAFF, MAX_SHIFTS = 2000, 100, 5000, 500, 20_000
"""What is longer is cut: nothing from outside grows without bounds (project's choice)."""


def compounds(site: Site) -> tuple[values.Compound, ...]:
    """All compounds of a site."""
    return tuple(values.Compound(item.id, item.name, item.latitude, item.longitude) for item in site.compounds.values())


def device(item: Device) -> values.Device:
    """A device with its points."""
    return values.Device(
        id=item.id,
        name=item.name,
        kind=values.DeviceKind(item.kind),
        compound=item.compound,
        building=item.building,
        floor=item.floor,
        flat=item.flat,
        model=item.model,
        points=tuple(
            values.Point(point.id, values.PointKind(point.kind), point.unit, point.writable) for point in item.points
        ),
        adopted=adopted.is_adopted(item),
    )


def point_state(state: State, point: Point) -> values.PointState:
    """What a point says now; a point whose link is not up, or whose device is silent, is not available."""
    record = state.points.get(point.id) or PointRecord(point.id)
    link = (point.address.link, point.address.device)
    device = state.devices.get(point.device)
    problems = _problems(state, record, device.causes if device else {}, link)
    bypass = state.bypasses.get(point.id)
    return values.PointState(
        point=point.id,
        available=link in state.links_up and "offline" not in problems,
        alarm=record.alarm,
        fault=record.fault,
        tamper=record.tamper,
        test=record.test,
        latched=record.incident in state.incidents,
        value=record.value,
        on=record.on,
        problems=problems,
        changed_at=record.changed_at,
        device_at=record.device_at,
        level=record.level,
        bypassed_until=bypass.until if bypass else None,
    )


def _problems(state: State, record: PointRecord, causes: dict[str, str], link: tuple[str, str]) -> tuple[str, ...]:
    """A point's own signals, then what is known of its device and of its link."""
    found = dict.fromkeys(() if link in state.links_up else ("link_lost",))
    found |= dict.fromkeys(("fault",) if record.fault else ())
    found |= dict.fromkeys(("tamper",) if record.tamper else ())
    found |= dict.fromkeys(causes)
    of_link = state.devices.get(link_id(*link))
    return tuple(found | dict.fromkeys(of_link.causes if of_link else ()))


def person(state: State, person_id: str) -> values.Person | None:
    """Somebody who decided, by the name that is kept for them."""
    return values.Person(person_id, state.name(person_id)) if person_id else None


def incident(state: State, item: Incident) -> values.Incident:
    """An incident with the newest of its members."""
    members = state.members.get(item.id, {})
    newest = reversed(tuple(islice(reversed(members.values()), NEWEST)))
    return _incident(state, item, tuple(map(_member, newest)))


def _incident(state: State, item: Incident, members: tuple[values.Member, ...]) -> values.Incident:
    return values.Incident(
        id=item.id,
        compound=item.compound,
        compound_name=item.compound_name,
        hazard=values.Hazard(item.hazard),
        state=values.IncidentState(item.state),
        revision=item.revision,
        place=item.place,
        opened_at=item.opened_at,
        members=members,
        owner=person(state, item.owner),
        acknowledged_at=item.acknowledged_at,
        acknowledged_revision=item.acknowledged_revision,
        closed_at=item.closed_at,
        cause=values.Cause(item.cause) if item.cause else None,
        note=item.note,
        tier=item.tier,
        severity=values.Severity(item.severity),
        drill=item.drill,
        needs_review=item.needs_review,
        answered=item.answered,
        detectors=item.detectors,
        live=item.live,
        floors=item.floors,
        hazards=tuple(values.Hazard(hazard) for hazard in item.hazards),
        mark=item.mark,
    )


def _member(item: Member) -> values.Member:
    return values.Member(
        point=item.point,
        device=item.device,
        name=item.name,
        episode=item.episode,
        raised_at=item.raised_at,
        restored_at=item.restored_at,
        revision=item.revision,
        test=item.test,
        floor=item.floor,
        hazard=values.Hazard(item.hazard),
        severity=values.Severity(item.severity),
        device_at=item.device_at,
    )


def event(state: State, item: Event) -> values.IncidentEvent | None:
    """An incident event, or ``None`` for what is not one; its incident lists the one member that it is about."""
    if item.kind not in INCIDENT_EVENTS or item.incident is None:
        return None
    member = _member(item.member) if item.member else None
    return values.IncidentEvent(
        item.number,
        item.at,
        values.IncidentEventKind(item.kind),
        _incident(state, item.incident, (member,) if member else ()),
        person(state, item.person),
        member,
        item.detail,
    )


def page(state: State, item: Page, about: Incident, *, recorded: bool = True) -> values.Page:
    """A page with the incident that it is about."""
    return values.Page(
        id=item.id,
        number=item.number,
        incident=incident(state, about),
        revision=item.revision,
        tier=item.tier,
        people=item.people,
        reason=item.reason,
        demanded_at=item.demanded_at,
        accept_by=item.accept_by,
        answer_by=item.answer_by,
        fence=item.fence,
        accepted=item.accepted,
        settled=item.settled,
        why=item.why,
        overdue=item.overdue,
        recorded=recorded,
    )


def pages(state: State) -> tuple[values.Page, ...]:
    """All unsettled pages, oldest first."""
    found = [(item, state.incidents.get(item.incident)) for item in state.pages.values()]
    return tuple(page(state, item, about) for item, about in sorted(found, key=lambda pair: pair[0].number) if about)


def drills(state: State) -> tuple[values.Drill, ...]:
    """The rehearsals that run."""
    return tuple(
        values.Drill(item.compound, _known(state, item.person), item.started_at, item.ends_at, item.points)
        for item in state.drills.values()
    )


def bypasses(state: State) -> tuple[values.Bypass, ...]:
    """The silenced points."""
    return tuple(
        values.Bypass(item.point, _known(state, item.person), item.reason, item.started_at, item.until)
        for item in state.bypasses.values()
    )


def _known(state: State, person_id: str) -> values.Person:
    return values.Person(person_id, state.name(person_id))


def health(item: Health) -> values.Health:
    """What the auditor found."""
    return values.Health(
        item.recorded,
        item.findings,
        item.checked_at,
        item.free_bytes,
        item.journal_bytes,
        item.head_number,
        item.head_hash,
        item.holes,
    )


def lease(item: Lease | None) -> values.Lease | None:
    """Who pages."""
    return values.Lease(item.holder, item.name, item.fence) if item else None


def decide(body: commands.CommandBody, version: int = messages.VERSION) -> Decide:
    """The decision that a command asks for, by a client of that version; ``Switch`` is the hub's own business."""
    return _about_incidents(body) or _about_points(body) or _about_paging(body, version)


def _about_incidents(body: commands.CommandBody) -> Decide | None:
    match body:
        case commands.Acknowledge():
            return lambda draft: lifecycle.acknowledge(draft, body.incident, body.revision, who(body.person), body.way)
        case commands.Handle():
            return lambda draft: lifecycle.handle(draft, body.incident, who(body.person), body.way, body.revision)
        case commands.HandOver():
            return lambda draft: lifecycle.hand_over(
                draft, body.incident, who(body.to), who(body.person), body.way, body.revision
            )
        case commands.AddNote():
            text = body.text[:MAX_NOTE]
            return lambda draft: lifecycle.add_note(draft, body.incident, text, who(body.person), body.way)
        case commands.Ask():
            return lambda draft: lifecycle.ask(draft, body.incident, who(body.person), body.way)
        case commands.Resolve():
            note = body.note[:MAX_NOTE]
            return lambda draft: lifecycle.resolve(
                draft, body.incident, note, who(body.person), body.way, body.revision
            )
        case commands.Close():
            cause, note = Cause(body.cause), body.note[:MAX_NOTE]
            return lambda draft: lifecycle.close(
                draft, body.incident, cause, note, who(body.person), body.way, body.revision
            )
        case commands.DeclareReal():
            return lambda draft: lifecycle.declare_real(draft, body.incident, who(body.person), body.way)
        case commands.RecordRefusal():
            what, subject = body.what[:MAX_NAME], body.subject[:MAX_NAME]
            return lambda draft: lifecycle.not_permitted(
                draft, what, who(body.person), body.incident[:MAX_NAME], subject
            )
    return None


def _about_points(body: commands.CommandBody) -> Decide | None:
    match body:
        case commands.StartDrill():
            return lambda draft: bypass.start_drill(
                draft, body.compound, body.seconds, body.points[:MAX_POINTS], who(body.person)
            )
        case commands.EndDrill():
            return lambda draft: bypass.end_drill(draft, body.compound, who(body.person))
        case commands.Inject():
            return lambda draft: bypass.inject(draft, body.point, who(body.person))
        case commands.SetBypass():
            reason = body.reason[:MAX_NOTE]
            return lambda draft: bypass.set_bypass(draft, body.point, body.seconds, reason, who(body.person))
        case commands.EndBypass():
            return lambda draft: bypass.end_bypass(draft, body.point, who(body.person))
        case commands.ChangeFilter():
            return lambda draft: guard.change_filter(draft, body.point, model_person(body.person))
        case commands.StartSelfTest():
            return lambda draft: selftest.start(draft, body.compound, who(body.person))
    return None


def _about_paging(body: commands.CommandBody, version: int) -> Decide:
    match body:
        case commands.RecordReceipt():
            receipt = Receipt(body.page, body.step, body.at, body.phone, body.person, body.detail[:MAX_NOTE])
            return lambda draft: people.receive(draft, receipt)
        case commands.SetRoster():
            staff = tuple(
                StaffMember(item.id, item.name, item.tier, item.compounds, item.always)
                for item in body.staff[:MAX_STAFF]
            )
            shifts = tuple(
                Shift(item.person, item.start, item.end, item.compounds) for item in body.shifts[:MAX_SHIFTS]
            )
            return lambda draft: people.set_roster(draft, staff, shifts, body.until)
        case commands.SetAdopted():
            devices = adopted_devices(body)
            return lambda draft: people.set_adopted(draft, devices)
        case commands.ClaimLease():
            return lambda draft: people.claim_lease(draft, body.instance, body.name, force=body.force, version=version)
    message = "switching and what adopted entities say go through the hub"
    raise TypeError(message)


def adopted_devices(body: commands.SetAdopted) -> tuple[adopted.AdoptedDevice, ...]:
    """The adopted devices that can be taken: a proper id, kinds that are known here, and not too many."""
    known = (
        (item, _DEVICE_KINDS.get(item.kind), _POINT_KINDS.get(item.point))
        for item in body.devices
        if _ID.fullmatch(item.id)
    )
    found = [
        adopted.AdoptedDevice(
            item.id,
            item.name[:MAX_NAME],
            kind,
            point,
            item.compound[:MAX_NAME],
            item.building[:MAX_NAME],
            item.floor[:MAX_NAME],
            item.flat[:MAX_NAME],
            item.unit and item.unit[:MAX_NAME],
            item.station[:MAX_NAME],
        )
        for item, kind, point in known
        if kind and point
    ]
    return tuple(found[: adopted.MAX_DEVICES])


_ID = re.compile("[a-z0-9][a-z0-9_-]{0,62}")
"""As in the site file, so that both kinds of devices can be told apart by it."""

_DEVICE_KINDS = {kind.value: kind for kind in kinds.DeviceKind if kind is not kinds.DeviceKind.TRANSMITTER}
_POINT_KINDS = {kind.value: kind for kind in kinds.PointKind if kind is not kinds.PointKind.SYSTEM}


def observations(body: commands.ReportAdopted, now: float) -> list[Observation]:
    """What adopted entities say. A time that is in the future is not believed; a value that is no number is silence."""
    return [_observation(item, now) for item in body.states[: messages.SLICE]]


def _observation(item: commands.AdoptedState, now: float) -> Observation:
    address = adopted.address_of(item.device[:MAX_NAME])
    if item.silent or (item.value is not None and not math.isfinite(item.value)):
        return Observation(address=address, received_at=now, state=NO_ANSWER)
    return Observation(
        address=address,
        received_at=now,
        device_at=item.at if item.at is not None and item.at <= now + DRIFT_SECONDS else None,
        alarm=item.alarm,
        on=item.on,
        value=item.value,
        fault=False,
    )


def who(item: values.Person) -> Person:
    """Somebody who decides, from the wire."""
    return Person(item.id[:MAX_NAME], item.name[:MAX_NAME])


def model_person(item: values.Person | None) -> Person | None:
    """Somebody who decided, from the wire, or nobody."""
    return who(item) if item else None
