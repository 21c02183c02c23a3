"""Drills and bypasses, each an action: rehearse an alarm, and silence a point for a time and a reason."""

from collections.abc import Callable, Coroutine
from typing import Any

import probatio as vol
from homeassistant.const import ATTR_DEVICE_ID, ATTR_ENTITY_ID
from homeassistant.core import ServiceCall
from homeassistant.helpers import config_validation as cv

from .callers import compound_at, compound_of, member_of, person_of, points_for, wrong
from .const import ATTR_BY, ATTR_HOURS, ATTR_MINUTES, ATTR_REASON
from .contract.commands import EndBypass, EndDrill, Inject, SetBypass, StartDrill
from .contract.values import Person
from .coordinator import Coordinator

MAX_DRILL_MINUTES = 480
"""A drill is over within a working day (project's choice)."""

MAX_BYPASS_HOURS = 168
"""A bypass is renewed at least once a week, so that somebody looks at it (project's choice)."""


async def _rehearser(call: ServiceCall, coordinator: Coordinator, what: str, compound: str, subject: str) -> Person:
    """Who rehearses: the caller; for an automation, which has no user, the responsible person whom its maker named."""
    name = call.data.get(ATTR_BY)
    if call.context.user_id or not name:
        return await person_of(call, coordinator, what, compound, subject=subject)
    member = member_of(coordinator, name)
    if not member.serves(compound):
        raise wrong("not_responsible", name=member.name)
    return Person(member.id, member.name)


async def _start_drill(call: ServiceCall) -> None:
    coordinator, compound = compound_of(call.hass, call.data[ATTR_DEVICE_ID])
    points = [point for entity in call.data[ATTR_ENTITY_ID] for point in points_for(call.hass, entity)[1]]
    for other in {compound_at(coordinator, point) for point in points} - {compound}:
        await _rehearser(call, coordinator, "start_drill", other, other)
    who = await _rehearser(call, coordinator, "start_drill", compound, compound)
    await coordinator.async_order(StartDrill(compound, call.data[ATTR_MINUTES] * 60.0, who, tuple(points)))


async def _end_drill(call: ServiceCall) -> None:
    coordinator, compound = compound_of(call.hass, call.data[ATTR_DEVICE_ID])
    who = await _rehearser(call, coordinator, "end_drill", compound, compound)
    await coordinator.async_order(EndDrill(compound, who))


async def _inject_alarm(call: ServiceCall) -> None:
    """Let the first point behind the entity alarm; one is enough for a rehearsal."""
    coordinator, points = points_for(call.hass, call.data[ATTR_ENTITY_ID])
    compound = compound_at(coordinator, points[0])
    who = await _rehearser(call, coordinator, "inject", compound, points[0])
    await coordinator.async_order(Inject(points[0], who))


async def _behind(call: ServiceCall, what: str) -> list[tuple[Coordinator, Person, str]]:
    """The points behind all entities of a call, each with who may do ``what`` to it; one refusal refuses the call."""
    found: list[tuple[Coordinator, Person, str]] = []
    for entity in call.data[ATTR_ENTITY_ID]:
        coordinator, points = points_for(call.hass, entity)
        compound = compound_at(coordinator, points[0])
        who = await person_of(call, coordinator, what, compound, subject=points[0])
        found += [(coordinator, who, point) for point in points]
    return found


async def _bypass(call: ServiceCall) -> None:
    for coordinator, who, point in await _behind(call, "bypass"):
        seconds = call.data[ATTR_HOURS] * 3600.0
        await coordinator.async_order(SetBypass(point, seconds, call.data[ATTR_REASON], who))


async def _end_bypass(call: ServiceCall) -> None:
    """End it for the points that are bypassed; the others are as they should be."""
    for coordinator, who, point in await _behind(call, "end_bypass"):
        if point in coordinator.facts.bypasses:
            await coordinator.async_order(EndBypass(point, who))


_BY: dict[vol.Marker, Any] = {vol.Optional(ATTR_BY): cv.string}
_COMPOUND: dict[vol.Marker, Any] = {vol.Required(ATTR_DEVICE_ID): cv.string, **_BY}
_ENTITIES: dict[vol.Marker, Any] = {vol.Required(ATTR_ENTITY_ID): cv.entity_ids}

EXERCISES: dict[str, tuple[Callable[[ServiceCall], Coroutine[Any, Any, None]], dict[vol.Marker, Any]]] = {
    "start_drill": (
        _start_drill,
        {
            **_COMPOUND,
            vol.Required(ATTR_MINUTES): vol.All(vol.Coerce(float), vol.Range(min=1, max=MAX_DRILL_MINUTES)),
            vol.Optional(ATTR_ENTITY_ID, default=list): cv.entity_ids,
        },
    ),
    "end_drill": (_end_drill, _COMPOUND),
    "inject_alarm": (_inject_alarm, {vol.Required(ATTR_ENTITY_ID): cv.entity_id, **_BY}),
    "bypass": (
        _bypass,
        {
            **_ENTITIES,
            vol.Required(ATTR_HOURS): vol.All(vol.Coerce(float), vol.Range(min=0.25, max=MAX_BYPASS_HOURS)),
            vol.Required(ATTR_REASON): vol.All(cv.string, vol.Length(min=1, max=200)),
        },
    ),
    "end_bypass": (_end_bypass, _ENTITIES),
}
"""The actions about drills and bypasses: what each does, and what the caller says."""
