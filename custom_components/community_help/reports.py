"""The actions that answer: incidents, readiness, health, the drill report; and the one that starts a self-test."""

from typing import Any

import probatio as vol
from homeassistant.const import ATTR_DEVICE_ID, CONF_HOST, CONF_PORT, CONF_TOKEN
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from .announced_trigger import HAZARDS
from .announcer import Announcement
from .board_report import readiness_report
from .callers import compound_of, person_of, wrong
from .client import ClientFailedError, NotAGatewayError, fetch_drill_report
from .const import DOMAIN
from .contract.commands import StartSelfTest
from .contract.values import Hazard, Incident
from .coordinator import Coordinator
from .health import health_report
from .payloads import about_incident
from .readiness import SELF_TEST_VERSION
from .readiness_board import BOARDS
from .texts import Texts

ATTR_MONTH = "month"
_INCIDENTS = vol.Schema(
    {
        vol.Optional(ATTR_DEVICE_ID): cv.string,
        vol.Optional("hazard", default=list): vol.All(cv.ensure_list, [vol.In(HAZARDS)]),
    }
)
_ANY_COMPOUND = vol.Schema({vol.Optional(ATTR_DEVICE_ID): cv.string})
_COMPOUND = vol.Schema({vol.Required(ATTR_DEVICE_ID): cv.string})
_MONTH = vol.Schema({vol.Required(ATTR_MONTH): cv.matches_regex(r"^\d{4}-(0[1-9]|1[0-2])$")})


@callback
def async_register_reports(hass: HomeAssistant) -> None:
    """Register them; they work as soon as a gateway is set up."""
    only = SupportsResponse.ONLY
    hass.services.async_register(DOMAIN, "get_readiness", _get_readiness, _ANY_COMPOUND, only)
    hass.services.async_register(DOMAIN, "get_incidents", _get_incidents, _INCIDENTS, only)
    hass.services.async_register(DOMAIN, "get_health", _get_health, _ANY_COMPOUND, only)
    hass.services.async_register(DOMAIN, "get_drill_report", _get_drill_report, _MONTH, only)
    hass.services.async_register(DOMAIN, "run_self_test", _run_self_test, _COMPOUND)


def _asked(call: ServiceCall) -> list[tuple[Coordinator, str]]:
    """The gateways that are asked about, with the compound if one was named."""
    name = call.data.get(ATTR_DEVICE_ID)
    if name:
        return [compound_of(call.hass, name)]
    return [(entry.runtime_data, "") for entry in call.hass.config_entries.async_loaded_entries(DOMAIN)]


async def _get_readiness(call: ServiceCall) -> ServiceResponse:
    boards = call.hass.data.get(BOARDS, {})
    asked = [(boards[coordinator.entry.entry_id], compound) for coordinator, compound in _asked(call)]
    return {"gateways": [readiness_report(board, compound) for board, compound in asked]}


async def _get_incidents(call: ServiceCall) -> ServiceResponse:
    """What is open, as the triggers tell it; ``connected`` says whether a gateway was asked just now."""
    texts = await Texts.load(call.hass)
    wanted = set(call.data["hazard"])
    return {
        "gateways": [
            {
                "gateway": coordinator.entry.title,
                "connected": coordinator.connected,
                "incidents": [
                    about_incident(_said(coordinator, incident), incident, texts)
                    for incident in coordinator.incidents.values()
                    if incident.hazard is not Hazard.SELF_TEST
                    and (not compound or incident.compound in ("", compound))
                    and (not wanted or wanted & {incident.hazard.value, *(item.value for item in incident.hazards)})
                ],
            }
            for coordinator, compound in _asked(call)
        ]
    }


def _said(coordinator: Coordinator, incident: Incident) -> Announcement:
    return Announcement(coordinator, incident, tuple(dict.fromkeys(member.device for member in incident.members)))


async def _get_health(call: ServiceCall) -> ServiceResponse:
    return {"gateways": [health_report(coordinator, compound) for coordinator, compound in _asked(call)]}


async def _get_drill_report(call: ServiceCall) -> ServiceResponse:
    reports: list[Any] = []
    for coordinator, _ in _asked(call):
        data = coordinator.entry.data
        address = data[CONF_HOST], data[CONF_PORT], data[CONF_TOKEN]
        try:
            report = await fetch_drill_report(async_get_clientsession(call.hass), *address, call.data[ATTR_MONTH])
        except NotAGatewayError as error:
            raise wrong("gateway_too_old", gateway=coordinator.entry.title) from error
        except ClientFailedError as error:
            raise wrong("no_report", gateway=coordinator.entry.title) from error
        reports.append({"gateway": coordinator.entry.title, "report": report})
    return {"gateways": reports}


async def _run_self_test(call: ServiceCall) -> None:
    coordinator, compound = compound_of(call.hass, call.data[ATTR_DEVICE_ID])
    if coordinator.gateway is None or coordinator.gateway.version < SELF_TEST_VERSION:
        raise wrong("gateway_too_old", gateway=coordinator.entry.title)
    who = await person_of(call, coordinator, "self_test", compound, subject=compound)
    await coordinator.async_order(StartSelfTest(compound, who))
