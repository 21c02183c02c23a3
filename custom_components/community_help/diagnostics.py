"""What a bug report needs: counts and states of the link; no token, phone number, address or household name."""

from collections import Counter
from typing import Any

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.const import CONF_HOST, CONF_TOKEN
from homeassistant.core import HomeAssistant

from .coordinator import CommunityHelpEntry
from .incidents import answered, detectors
from .readiness_board import BOARDS, ReadinessBoard
from .roster import all_phones, members


async def async_get_config_entry_diagnostics(hass: HomeAssistant, entry: CommunityHelpEntry) -> dict[str, Any]:
    """The picture of one gateway in numbers."""
    coordinator = entry.runtime_data
    gateway, health = coordinator.gateway, coordinator.facts.health
    return {
        "entry": async_redact_data(dict(entry.data), {CONF_TOKEN, CONF_HOST}),
        "gateway": {"software": gateway.software, "version": gateway.version} if gateway else None,
        "connected": coordinator.connected,
        "pager": bool(coordinator.fence),
        "devices": Counter(device.kind.value for device in coordinator.devices.values()),
        "unavailable_points": sum(not state.available for state in coordinator.states.values()),
        "problems": Counter(cause for state in coordinator.states.values() for cause in state.problems),
        "open_incidents": Counter(incident.hazard.value for incident in coordinator.incidents.values()),
        "detectors_in_incidents": sum(map(detectors, coordinator.incidents.values())),
        "unanswered_incidents": sum(not answered(incident) for incident in coordinator.incidents.values()),
        "drills": len(coordinator.facts.drills),
        "bypasses": len(coordinator.facts.bypasses),
        "recorded": health.recorded if health else None,
        "findings": Counter(finding.partition(":")[0] for finding in health.findings) if health else None,
        "policy_holes": len(health.holes) if health else None,
        "record": health.head_number if health else None,
        "unsettled_pages": len(coordinator.pages),
        "staff": len(members(entry)),
        "phones": len(all_phones(hass)),
        "readiness": _readiness(hass.data[BOARDS][entry.entry_id]),
    }


def _readiness(board: ReadinessBoard) -> dict[str, Any]:
    """How the roster's phones stand; whose they are, and what they are called, is nobody's business."""
    states = board.phones.values()
    staff = board.staff()
    return {
        "known": board.known,
        "verdicts": Counter(state.verdict.value for state in states),
        "platforms": Counter(state.handset.platform.value if state.handset else "missing" for state in states),
        "channels": Counter((state.handset.channel if state.handset else "") or "none" for state in states),
        "confirm_silently": sum(state.silently for state in states),
        "never_proven": sum(not (state.record and state.record.proofs) for state in states),
        "people": Counter(board.own(member).value for member in staff),
        "compounds_with_gaps": sum(bool(board.gaps(compound)) for compound in board.coordinator.compounds),
    }
