"""Tools with which an assistant answers questions: what is open, who is on duty, which detectors are silent.

They only read, and only of compounds whose incident entity the user exposed to that assistant. No phone number is known
here.
"""

from collections.abc import Callable, Iterable
from typing import Any, cast

from homeassistant.components.homeassistant.exposed_entities import async_should_expose
from homeassistant.components.llm import LLMTools
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.llm import LLM_API_ASSIST, LLMContext, Tool, ToolAnnotations, ToolInput, ToolResult
from homeassistant.util.dt import as_local, utc_from_timestamp
from homeassistant.util.json import JsonObjectType

from .const import DOMAIN
from .contract.values import Device, Hazard, Incident, Severity
from .coordinator import Coordinator
from .incidents import answered, detectors, live
from .staff import duty_of

MOST = 20
"""So many rows an answer holds at most; the rest is counted (project's choice)."""

PROMPT = (
    "The community_help tools know the fire, gas and fire lane incidents of residential compounds, the staff on duty"
    " and detectors that are not heard. They only read: acknowledging and closing is done by people on their phones or"
    " in Home Assistant. What cannot be reached now is listed under gateways_away: never say that all is well there."
)

SEVERITIES = (Severity.UNKNOWN, Severity.DANGER, Severity.ALARM, Severity.WARNING, Severity.NOTICE)
"""From worst to least; what this version does not know comes first, to be safe."""

type Scope = list[tuple[Coordinator, set[str]]]
"""Gateways, each with its compounds that the assistant may know of."""


class ReadingTool(Tool):
    """A tool that reads."""

    annotations = ToolAnnotations(read_only=True, destructive=False, idempotent=True, open_world=False)
    integration = DOMAIN

    def __init__(self, name: str, title: str, description: str, read: Callable[[Scope], dict[str, Any]]) -> None:
        """``read`` answers."""
        self.name = f"{DOMAIN}__{name}"
        self.title = title
        self.description = description
        self._read = read

    async def async_call(self, hass: HomeAssistant, tool_input: ToolInput, llm_context: LLMContext) -> ToolResult:
        """Answer from what is known now; what is exposed is looked at again."""
        self.parameters(tool_input.tool_args)
        scope = scope_of(hass, llm_context.assistant)
        away = [coordinator.entry.title for coordinator, _ in scope if not coordinator.connected]
        return ToolResult(data=cast("JsonObjectType", {**self._read(scope), "gateways_away": away}))


@callback
def async_get_tools(hass: HomeAssistant, llm_context: LLMContext, api_id: str) -> LLMTools | None:
    """The tools, where a compound is exposed."""
    if api_id != LLM_API_ASSIST or not scope_of(hass, llm_context.assistant):
        return None
    tools: list[Tool] = [
        ReadingTool(
            "get_open_incidents",
            "Get open incidents",
            "Get the fire, gas, fire lane and other incidents that are not closed: where, how severe, since when, how"
            " many detectors, and who deals with them. Worst first.",
            open_incidents,
        ),
        ReadingTool(
            "get_staff_on_duty",
            "Get staff on duty",
            "Get who is on duty in each residential compound now; tier 1 is told first.",
            staff_on_duty,
        ),
        ReadingTool(
            "get_silent_detectors",
            "Get silent detectors",
            "Get the detectors that are not heard now (offline or link lost), and so would not report an alarm.",
            silent_detectors,
        ),
    ]
    return LLMTools(tools=tools, prompt=PROMPT)


def scope_of(hass: HomeAssistant, assistant: str) -> Scope:
    """The compounds whose incident entity is exposed to ``assistant``."""
    registry = er.async_get(hass)

    def exposed(coordinator: Coordinator, compound: str) -> bool:
        unique_id = f"{coordinator.device_key(compound)}_incident"
        entity = registry.async_get_entity_id(Platform.EVENT, DOMAIN, unique_id)
        return entity is not None and async_should_expose(hass, assistant, entity)

    found: Scope = []
    for entry in hass.config_entries.async_loaded_entries(DOMAIN):
        coordinator: Coordinator = entry.runtime_data
        compounds = {compound for compound in coordinator.compounds if exposed(coordinator, compound)}
        if compounds:
            found.append((coordinator, compounds))
    return found


def open_incidents(scope: Scope) -> dict[str, Any]:
    """What is open, worst and newest first. One without a compound concerns every compound; self-tests are none."""
    found = [
        incident
        for coordinator, compounds in scope
        for incident in coordinator.incidents.values()
        if incident.compound in {"", *compounds} and incident.hazard is not Hazard.SELF_TEST
    ]
    found.sort(key=lambda incident: (SEVERITIES.index(incident.severity), -incident.opened_at))
    return _bounded("incidents", map(_incident, found))


def _incident(incident: Incident) -> dict[str, Any]:
    return {
        "hazard": incident.hazard.value,
        "severity": incident.severity.value,
        "drill": incident.drill,
        "compound": incident.compound_name,
        "place": incident.place,
        "opened_at": as_local(utc_from_timestamp(incident.opened_at)).isoformat(timespec="seconds"),
        "state": incident.state.value,
        "answered": answered(incident),
        "needs_review": incident.needs_review,
        "owner": incident.owner.name if incident.owner else None,
        "detectors": detectors(incident),
        "detectors_still_in_alarm": live(incident),
    }


def staff_on_duty(scope: Scope) -> dict[str, Any]:
    """Who is on duty, by compound; nobody is said, not left out."""
    return _bounded(
        "compounds",
        (
            {
                "compound": coordinator.compounds[compound].name,
                "on_duty": [
                    {"name": member.name, "tier": member.tier}
                    for member in duty_of(coordinator).on_duty(compound)[:MOST]
                ],
            }
            for coordinator, compounds in scope
            for compound in sorted(compounds)
        ),
    )


def silent_detectors(scope: Scope) -> dict[str, Any]:
    """Devices of which no point is available. Of a gateway that is away none is listed: all of them are unheard."""
    return _bounded(
        "detectors",
        (
            _device(coordinator, device)
            for coordinator, compounds in scope
            if coordinator.connected
            for device in coordinator.devices.values()
            if device.compound in compounds and not _heard(coordinator, device)
        ),
    )


def _heard(coordinator: Coordinator, device: Device) -> bool:
    states = (coordinator.states.get(point.id) for point in device.points)
    return any(state.available for state in states if state)


def _device(coordinator: Coordinator, device: Device) -> dict[str, Any]:
    states = (coordinator.states.get(point.id) for point in device.points)
    return {
        "name": device.name,
        "kind": device.kind.value,
        "compound": coordinator.compounds[device.compound].name,
        "building": device.building,
        "floor": device.floor,
        "flat": device.flat,
        "causes": sorted({cause for state in states if state for cause in state.problems}),
    }


def _bounded(name: str, rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The first rows, and how many there are."""
    found = list(rows)
    return {name: found[:MOST], "total": len(found), "not_shown": max(len(found) - MOST, 0)}
