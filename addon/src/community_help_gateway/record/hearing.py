"""From the record back to what the field said, so that another policy can hear it.

The record keeps what a point's signals came to be, not every report: readings between two changes are not in it.
"""

from ..model.gas import DANGER, MEASURED, OWN_ALARM, judged
from ..model.kinds import Hazard, PointKind
from ..model.observation import Address, Observation
from ..model.policy import SAMPLES, PolicySet
from ..model.site import Point, Site
from ..model.state import Event, PointRecord


def said_by_point(site: Site, then: PolicySet, point: Point, record: PointRecord, at: float) -> list[Observation]:
    """What ``point`` must have said for its signals to become ``record``; ``then`` are the policies of that time.

    A gas that was above its level in several samples is said as often: only so does it count (``policy.SAMPLES``).
    """
    seen = Observation(
        address=point.address,
        received_at=record.changed_at or at,
        device_at=record.device_at,
        alarm=_alarm(site, then, point, record),
        fault=record.fault,
        tamper=record.tamper,
        test=record.test,
        value=record.value,
        on=record.on,
        state=record.state,
        battery_low=record.battery_low,
        source=record.alarm_source,
    )
    measured = point.kind in MEASURED and record.value is not None
    return [seen] * (max(record.rising, 1) if record.rising else SAMPLES) if measured else [seen]


def _alarm(site: Site, then: PolicySet, point: Point, record: PointRecord) -> bool | None:
    """A lane's alarm comes from the clock; a gas's from its value, or from the detector itself where that cannot be."""
    if point.kind is PointKind.LANE:
        return None
    if point.hazard is not Hazard.GAS or record.value is None:
        return record.alarm
    limits = then.limits(site.devices[point.device].compound, point.kind)
    if limits is None:
        return record.alarm
    by_value = judged(PointRecord(point.id, level=DANGER), record, limits, own_alarm=None)
    return True if record.level == OWN_ALARM > by_value.level else None


def said_by_stranger(event: Event) -> Observation | None:
    """What a device that the site did not know said, from the member that it became: "LINK DEVICE PART"."""
    member = event.member
    parts = member.point.split(" ", 2) if member else []
    if member is None or len(parts) < MIN_PARTS:
        return None
    address = Address(parts[0], parts[1], parts[2] if len(parts) > MIN_PARTS else "")
    live = member.restored_at is None
    at = member.raised_at if live else member.restored_at or event.at
    return Observation(address=address, received_at=at, alarm=live, test=member.test, device_at=member.device_at)


MIN_PARTS = 2
"""A stranger's name has at least its link and its device."""
