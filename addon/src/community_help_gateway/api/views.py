"""The one file that maps the model to the wire and back."""

from collections.abc import Callable

from ..contract import messages, values
from ..model import decisions
from ..model.draft import Decision, Draft
from ..model.incident import Cause, Incident, Lease, Member, Page, Person
from ..model.site import Device, Point, Site, StaffMember
from ..model.state import INCIDENT_EVENTS, Event, PointRecord, Receipt, State

type Decide = Callable[[Draft], Decision]


def compounds(site: Site) -> tuple[values.Compound, ...]:
    """All compounds of a site."""
    return tuple(values.Compound(item.id, item.name) for item in site.compounds.values())


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
    )


def point_state(state: State, point: Point) -> values.PointState:
    """What a point says now; a point whose link is not up is not available."""
    record = state.points.get(point.id) or PointRecord(point.id)
    available = (point.address.link, point.address.device) in state.links_up
    return values.PointState(
        point=point.id,
        available=available,
        alarm=record.alarm,
        fault=record.fault,
        tamper=record.tamper,
        test=record.test,
        latched=record.incident in state.incidents,
        value=record.value,
        on=record.on,
        problems=_problems(record, available=available),
        changed_at=record.changed_at,
        device_at=record.device_at,
    )


def _problems(record: PointRecord, *, available: bool) -> tuple[str, ...]:
    found = [] if available else ["link_lost"]
    found += ["fault"] if record.fault else []
    found += ["tamper"] if record.tamper else []
    return tuple(found)


def person(item: Person | None) -> values.Person | None:
    """Somebody who decided."""
    return values.Person(item.id, item.name) if item else None


def incident(item: Incident) -> values.Incident:
    """An incident as it stands."""
    return values.Incident(
        id=item.id,
        compound=item.compound,
        compound_name=item.compound_name,
        hazard=values.Hazard(item.hazard),
        state=values.IncidentState(item.state),
        revision=item.revision,
        place=item.place,
        opened_at=item.opened_at,
        members=tuple(_member(member) for member in item.members),
        owner=person(item.owner),
        acknowledged_at=item.acknowledged_at,
        acknowledged_revision=item.acknowledged_revision,
        closed_at=item.closed_at,
        cause=values.Cause(item.cause) if item.cause else None,
        note=item.note,
        tier=item.tier,
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
    )


def event(item: Event) -> values.IncidentEvent | None:
    """An incident event, or ``None`` for what is not one."""
    if item.kind not in INCIDENT_EVENTS or item.incident is None:
        return None
    return values.IncidentEvent(
        item.number, item.at, values.IncidentEventKind(item.kind), incident(item.incident), person(item.person)
    )


def page(item: Page, about: Incident) -> values.Page:
    """A page with the incident that it is about."""
    return values.Page(
        id=item.id,
        number=item.number,
        incident=incident(about),
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
    )


def pages(state: State) -> tuple[values.Page, ...]:
    """All unsettled pages, oldest first."""
    found = [(item, state.incidents.get(item.incident)) for item in state.pages.values()]
    return tuple(page(item, about) for item, about in sorted(found, key=lambda pair: pair[0].number) if about)


def lease(item: Lease | None) -> values.Lease | None:
    """Who pages."""
    return values.Lease(item.holder, item.name, item.fence) if item else None


def decide(body: messages.CommandBody) -> Decide:
    """The decision that a command asks for; ``Switch`` is the hub's own business."""
    match body:
        case messages.Acknowledge():
            who = Person(body.person.id, body.person.name)
            return lambda draft: decisions.acknowledge(draft, body.incident, body.revision, who, body.way)
        case messages.Close():
            who = Person(body.person.id, body.person.name)
            return lambda draft: decisions.close(draft, body.incident, Cause(body.cause), body.note, who)
        case messages.RecordReceipt():
            receipt = Receipt(body.page, body.step, body.at, body.phone, body.person, body.detail)
            return lambda draft: decisions.receive(draft, receipt)
        case messages.SetRoster():
            staff = tuple(StaffMember(item.id, item.name, item.tier, item.compounds) for item in body.staff)
            return lambda draft: decisions.set_roster(draft, staff)
        case messages.ClaimLease():
            return lambda draft: decisions.claim_lease(draft, body.instance, body.name, force=body.force)
        case messages.Switch():
            message = "switching goes through the hub"
            raise TypeError(message)


def model_person(item: values.Person | None) -> Person | None:
    """Somebody who decided, from the wire."""
    return Person(item.id, item.name) if item else None
