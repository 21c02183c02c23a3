"""Duty that changes hands for a time, each an action: taking somebody's place, and giving one's own to a colleague."""

import time
from collections.abc import Callable, Coroutine
from typing import Any

import probatio as vol
from homeassistant.const import ATTR_DEVICE_ID
from homeassistant.core import ServiceCall
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util

from .callers import compound_of, gateway_of, member_of, person_of, record_refusal, wrong
from .const import ATTR_HOURS, ATTR_MEMBER, ATTR_TO, ATTR_UNTIL
from .contract.commands import RecordRefusal
from .contract.values import Way
from .coordinator import Coordinator
from .plan import StandIn
from .roster import Member, member_for
from .staff import duty_of

MAX_HOURS = 336
"""Fourteen days: as far as duty is known (project's choice)."""

WHAT = "set_roster"
"""The contract's command by which duty reaches the gateway."""


async def _take_over(call: ServiceCall) -> None:
    """The caller has the duty of ``member`` (their own: again), or of a compound up to their own tier."""
    end = _end(call)
    coordinator, compound = _place(call, ATTR_MEMBER)
    await person_of(call, coordinator, WHAT, compound, subject=compound)
    caller = _caller(call, coordinator)
    if name := call.data.get(ATTR_MEMBER):
        await _hand_on(coordinator, member_of(coordinator, name), caller, compound, end)
    elif not caller.serves(compound):
        raise wrong("not_responsible", person=caller.name, compound=coordinator.compounds[compound].name)
    else:
        await _stand_in(coordinator, StandIn(caller.id, "", (compound,), time.time(), end))


async def _hand_over(call: ServiceCall) -> None:
    """``to`` has the caller's duty; an administrator may give that of any ``member`` away."""
    end = _end(call)
    coordinator, compound = _place(call, ATTR_TO)
    to = member_of(coordinator, call.data[ATTR_TO])
    person = await person_of(call, coordinator, WHAT, compound, subject=compound)
    name = call.data.get(ATTR_MEMBER)
    member = member_of(coordinator, name) if name else _caller(call, coordinator)
    user = await call.hass.auth.async_get_user(str(call.context.user_id))
    if person.id != member.id and not (user and user.is_admin):
        record_refusal(coordinator, RecordRefusal(WHAT, person, Way.ACTION, time.time(), subject=compound))
        raise wrong("not_your_duty", person=person.name, member=member.name)
    await _hand_on(coordinator, member, to, compound, end)


async def _hand_on(coordinator: Coordinator, member: Member, to: Member, compound: str, end: float) -> None:
    """In ``compound``, or wherever both are responsible; in other compounds ``member`` stays on duty."""
    if member.id == to.id:
        await duty_of(coordinator).async_take_back(member.id)
        return
    compounds = _shared(member, to, compound)
    if compounds is None:
        raise wrong("nothing_in_common", person=to.name, member=member.name)
    await _stand_in(coordinator, StandIn(to.id, member.id, compounds, time.time(), end))


async def _stand_in(coordinator: Coordinator, stand_in: StandIn) -> None:
    if not await duty_of(coordinator).async_stand_in(stand_in):
        raise wrong("too_many_stand_ins")


def _shared(member: Member, to: Member, compound: str) -> tuple[str, ...] | None:
    """The compounds in which ``to`` may have the duty of ``member``: empty for all of both, ``None`` for none."""
    if compound:
        return (compound,) if member.serves(compound) and to.serves(compound) else None
    if not (member.compounds and to.compounds):
        return member.compounds or to.compounds
    return tuple(item for item in member.compounds if item in to.compounds) or None


def _caller(call: ServiceCall, coordinator: Coordinator) -> Member:
    """Which member of the staff calls: duty is a person's, not a duty phone's or an account's."""
    member = member_for(call.hass, coordinator.entry, str(call.context.user_id))
    if member is None:
        raise wrong("not_staff")
    return member


def _place(call: ServiceCall, named: str) -> tuple[Coordinator, str]:
    """The gateway that is meant, and the compound if one is; without, the gateway of whoever is ``named``."""
    if device := call.data.get(ATTR_DEVICE_ID):
        return compound_of(call.hass, device)
    if name := call.data.get(named):
        return gateway_of(call.hass, name), ""
    raise wrong("whose_duty")


def _end(call: ServiceCall) -> float:
    """When duty goes back by itself: ``until`` a local time, or after ``hours``."""
    if (ATTR_UNTIL in call.data) == (ATTR_HOURS in call.data):
        raise wrong("until_or_hours")
    now = time.time()
    end: float = now + call.data.get(ATTR_HOURS, 0.0) * 3600.0
    if ATTR_UNTIL in call.data:
        end = dt_util.as_utc(call.data[ATTR_UNTIL]).timestamp()
    if not now < end <= now + MAX_HOURS * 3600.0:
        raise wrong("until_range", days=str(MAX_HOURS // 24))
    return end


_TIME: dict[vol.Marker, Any] = {
    vol.Optional(ATTR_DEVICE_ID): cv.string,
    vol.Optional(ATTR_MEMBER): cv.string,
    vol.Optional(ATTR_HOURS): vol.All(vol.Coerce(float), vol.Range(min=0.25, max=MAX_HOURS)),
    vol.Optional(ATTR_UNTIL): cv.datetime,
}

HANDOVERS: dict[str, tuple[Callable[[ServiceCall], Coroutine[Any, Any, None]], vol.Schema]] = {
    "take_over_duty": (_take_over, vol.Schema(_TIME)),
    "hand_over_duty": (_hand_over, vol.Schema({**_TIME, vol.Required(ATTR_TO): cv.string})),
}
"""The actions about duty, and what the caller says."""
