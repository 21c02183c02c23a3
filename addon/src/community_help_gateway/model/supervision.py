"""What is wrong with the devices themselves: each cause is an incident of its own severity, folded per cause."""

from collections.abc import Iterable
from dataclasses import dataclass

from .adopted import LINK as ADOPTED, is_adopted
from .draft import Draft
from .fold import Arrival, fold, restore
from .gas import suspicious
from .incident import GATEWAY, Cause, DeadlineKind
from .kinds import Hazard, PointKind, Severity
from .lifecycle import end
from .observation import LinkState
from .site import Device
from .state import DeviceRecord, EventKind, PointRecord

NOTICE, WARNING = Severity.NOTICE, Severity.WARNING
CAUSES = {
    "fault": WARNING,
    "tamper": WARNING,
    "link_lost": WARNING,
    "offline": WARNING,
    "duplicate_identity": WARNING,
    "sensor_suspect": WARNING,
    "battery_low": NOTICE,
    "end_of_life": NOTICE,
    "clock_drift": NOTICE,
}
"""What can be wrong, and how bad that is: nobody is woken for any of them (promise 3)."""

LINK_SECONDS = 180.0
"""How long a link may be away before that is an incident; its points are unavailable at once (project's choice)."""

SILENT_PERIODS = 2.5
"""A device that did not report for so many of its own periods is silent (project's choice)."""

LIFE_YEARS = 10
"""A smoke alarm's life: GB 20517 products are replaced after 8 to 10 years, the longer one is used."""

DRIFT_SECONDS, DRIFT_GONE_SECONDS = 300.0, 60.0
"""A clock that is wrong by more than this is shown, until it is right to within the other (project's choice)."""

NO_ANSWER = "no_answer"
"""A reading's state when the device did not answer: silence, which the sweep and the link judge, not a fault."""

NO_VALUE = "no_value"
"""A reading's state when the device answered with what is no number: a fault, and no earlier value holds."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a cause concerns: a device, or a whole link with everything that is heard over it."""

    id: str
    compound: str
    place: str
    device: str = ""
    per_compound: bool = True

    def key(self, cause: str) -> str:
        """What folds together: the devices of a compound with one cause; a link is one incident by itself."""
        return f"supervision:{cause}:{self.compound if self.per_compound else self.id}"


def of_device(draft: Draft, device: Device) -> Subject:
    """A device as the subject of supervision."""
    return Subject(device.id, device.compound, draft.site.place(device), device.id)


def of_link(draft: Draft, link: str, name: str) -> Subject | None:
    """A link as the subject of supervision; ``None`` if the site has nothing on it."""
    points = draft.site.on_link(link, name)
    if not points:
        return None
    device = next((draft.site.devices[p.device] for p in points if p.kind is PointKind.SYSTEM), None)
    device = device or draft.site.devices[points[0].device]
    if link == ADOPTED:
        compounds = {draft.site.devices[point.device].compound for point in points}
        return Subject(link_id(link, name), compounds.pop() if len(compounds) == 1 else "", name, per_compound=False)
    return Subject(link_id(link, name), device.compound, draft.site.place(device), device.id, per_compound=False)


def link_id(link: str, name: str) -> str:
    """How a link is called among devices."""
    return f"link:{link}:{name}"


def judge(draft: Draft, subject: Subject, cause: str, *, wrong: bool) -> None:
    """Something came to be wrong with ``subject``, or is right again; nothing happens where that is known."""
    causes = draft.causes(subject.id)
    if wrong == (cause in causes):
        return
    draft.note(EventKind.DEVICE, subject.id, detail=f"{'+' if wrong else '-'}{cause}")
    if wrong:
        arrival = Arrival(
            key=subject.key(cause),
            compound=subject.compound,
            hazard=Hazard.SUPERVISION,
            severity=CAUSES[cause],
            point=subject.id,
            place=subject.place,
            at=draft.now,
            device=subject.device,
        )
        causes[cause] = fold(draft, arrival).id
    else:
        _right_again(draft, causes.pop(cause), subject.id)
    if causes:
        draft.put(subject.id, DeviceRecord(subject.id, causes))
    else:
        draft.drop(subject.id, DeviceRecord)
    _touch(draft, subject)


def _right_again(draft: Draft, incident_id: str, subject: str) -> None:
    """The last one that is right again ends the incident: its policy is its own (promise 3)."""
    incident = restore(draft, incident_id, subject, None, draft.now)
    if incident and incident.live == 0:
        end(draft, incident, Cause.CLEARED, incident.note, GATEWAY.id, "cleared")


def _touch(draft: Draft, subject: Subject) -> None:
    if subject.id.startswith("link:"):
        _, link, name = subject.id.split(":", 2)
        draft.touched.extend(point.id for point in draft.site.on_link(link, name))
        return
    device = draft.site.devices.get(subject.device)
    draft.touched.extend(point.id for point in (device.points if device else ()))


def signals(draft: Draft, device: Device, new: PointRecord, clock_offset: float | None, link: tuple[str, str]) -> None:
    """Fault, tamper, battery, a suspicious sensor and the clock, after one of the device's points said ``new``."""
    records = [new if point.id == new.id else draft.point(point.id) for point in device.points]
    causes = draft.causes(device.id)
    wrong = {
        "fault": any(item.fault and item.state != NO_ANSWER for item in records),
        "offline": "offline" in causes and any(item.state == NO_ANSWER for item in records),
        "tamper": any(bool(item.tamper) for item in records),
        "battery_low": any(bool(item.battery_low) for item in records),
        "sensor_suspect": _suspect(device, records),
    }
    for cause, it_is in wrong.items():
        if it_is != (cause in causes):
            judge(draft, of_device(draft, device), cause, wrong=it_is)
    on_link = of_link(draft, *link) if clock_offset is not None else None
    if on_link and clock_offset is not None:
        known = "clock_drift" in draft.causes(on_link.id)
        judge(draft, on_link, "clock_drift", wrong=abs(clock_offset) > (DRIFT_GONE_SECONDS if known else DRIFT_SECONDS))


def _suspect(device: Device, records: list[PointRecord]) -> bool:
    values = {point.kind: item.value for point, item in zip(device.points, records, strict=True)}
    return suspicious(values.get(PointKind.O2), values.get(PointKind.CH4))


def link_changed(draft: Draft, said: LinkState) -> None:
    """A link came, went, or has a rival; it has a while to come back before its loss is an incident."""
    subject = of_link(draft, said.link, said.device)
    if subject is None:
        return
    name = f"{said.link}:{said.device}"
    if said.up:
        draft.stop((DeadlineKind.LINK,), name)
        judge(draft, subject, "link_lost", wrong=False)
        judge(draft, subject, "duplicate_identity", wrong=said.rivals > 0)
    elif not draft.deadline(DeadlineKind.LINK, name):
        draft.wait(DeadlineKind.LINK, name, LINK_SECONDS)
    if said.up is not ((said.link, said.device) in draft.state.links_up):
        _touch(draft, subject)


def link_overdue(draft: Draft, name: str) -> None:
    """A link did not come back."""
    link, _, device = name.partition(":")
    subject = of_link(draft, link, device)
    if subject and (link, device) not in draft.state.links_up:
        judge(draft, subject, "link_lost", wrong=True)


def expect_links(draft: Draft) -> None:
    """After a start: every link that the site names is expected, and its absence will be an incident."""
    for link, device in draft.site.links():
        name = f"{link}:{device}"
        known = draft.deadline(DeadlineKind.LINK, name) or "link_lost" in draft.causes(link_id(link, device))
        if not known and (link, device) not in draft.state.links_up:
            draft.wait(DeadlineKind.LINK, name, LINK_SECONDS)


def sweep(draft: Draft, silent: Iterable[str]) -> None:
    """Now and then: devices that are silent beyond their own period, and those that have become too old.

    A part that does not answer makes its device silent, too; an adopted entity has its period to come back. A device
    whose link is down is not counted: the link's own incident speaks for all behind it.
    """
    mute = [draft.site.device_of(item.id) for item in draft.state.points.values() if item.state == NO_ANSWER]
    for device_id in dict.fromkeys((*silent, *(item.id for item in mute if item and not is_adopted(item)))):
        device = draft.site.devices.get(device_id)
        if device and all((p.address.link, p.address.device) in draft.state.links_up for p in device.points):
            judge(draft, of_device(draft, device), "offline", wrong=True)
    limit = draft.now - LIFE_YEARS * 365.25 * 86400
    for device in draft.site.devices.values():
        if device.installed is not None or draft.state.has_cause(device.id, "end_of_life"):
            old = device.installed is not None and device.installed < limit
            judge(draft, of_device(draft, device), "end_of_life", wrong=old)
