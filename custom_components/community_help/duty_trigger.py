"""Native triggers on duty: a shift of a staff member began, or is about to end."""

import time
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import probatio as vol
from homeassistant.const import ATTR_DEVICE_ID, CONF_OPTIONS
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.helpers.trigger import Trigger, TriggerActionRunner, TriggerConfig, TriggerNotTriggeredReporter
from homeassistant.helpers.typing import ConfigType
from homeassistant.util.dt import as_local, utc_from_timestamp

from .const import DOMAIN, SIGNAL_DUTY
from .contract.values import Hazard, Incident
from .coordinator import Coordinator
from .places import compounds_among
from .roster import Member, members
from .shifts import Span
from .staff import duty_of, staff_key
from .texts import Texts

LATE_SECONDS = 60.0
"""Duty that was resolved anew may show a moment that is just past; an older one is no news (project's choice)."""

_PLACES = {vol.Optional(ATTR_DEVICE_ID, default=list): vol.All(cv.ensure_list, [cv.string])}
_STARTED = vol.Schema({vol.Optional(CONF_OPTIONS, default=dict): _PLACES})
_ENDING = vol.Schema(
    {
        vol.Optional(CONF_OPTIONS, default=dict): {
            **_PLACES,
            vol.Optional("before", default=timedelta(minutes=15)): cv.positive_time_period,
        }
    }
)


@dataclass(frozen=True, slots=True)
class _Turn:
    """One member's stretch of duty, and when the trigger shall fire for it."""

    coordinator: Coordinator
    member: Member
    compounds: tuple[str, ...]
    span: Span
    moment: float


class ShiftTrigger(Trigger):
    """Base: fires at one moment of each stretch of duty; who is always on duty has none."""

    _schema: vol.Schema
    _words: str

    @classmethod
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        """Check the options; the gateway need not be set up for that."""
        checked: ConfigType = cls._schema(config)
        return checked

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Read the options."""
        super().__init__(hass, config)
        self._options: dict[str, Any] = config.options or {}
        self._devices: list[str] = self._options.get(ATTR_DEVICE_ID, [])

    @abstractmethod
    def _moment(self, span: Span) -> float:
        """When to fire for a stretch of duty."""

    async def async_attach_runner(
        self, run_action: TriggerActionRunner, did_not_trigger: TriggerNotTriggeredReporter | None = None
    ) -> CALLBACK_TYPE:
        """Fire at the moments to come; they move when duty is resolved anew."""
        texts = await Texts.load(self._hass)
        looked, timer = time.time(), None

        @callback
        def look(_: object = None) -> None:
            nonlocal looked, timer
            now = time.time()
            turns = tuple(self._turns())
            due = [turn for turn in turns if max(looked, now - LATE_SECONDS) < turn.moment <= now]
            looked = now
            if timer:
                timer()
            following = min((turn.moment for turn in turns if turn.moment > now), default=None)
            timer = self._at(following, look) if following else None
            for turn in due:
                run_action(_about(turn, texts), f"{self._words} {turn.member.name}")

        @callback
        def stop() -> None:
            unlisten()
            if timer:
                timer()

        unlisten = async_dispatcher_connect(self._hass, SIGNAL_DUTY, look)
        look()
        return stop

    def _at(self, moment: float, look: Callable[[object], None]) -> CALLBACK_TYPE:
        job = HassJob(look, f"{DOMAIN} {self._words}", cancel_on_shutdown=True)
        return async_track_point_in_utc_time(self._hass, job, utc_from_timestamp(moment))

    def _turns(self) -> Iterator[_Turn]:
        """Every known stretch of duty in the compounds that were chosen."""
        for entry in self._hass.config_entries.async_loaded_entries(DOMAIN):
            coordinator: Coordinator = entry.runtime_data
            plan = duty_of(coordinator).plan
            chosen = compounds_among(coordinator, self._devices)
            for member in members(entry):
                own = member.compounds or tuple(coordinator.compounds)
                where = tuple(item for item in own if not self._devices or item in chosen)
                for span in plan.spans(member.id, where) if where else ():
                    if span[1] != plan.until:
                        yield _Turn(coordinator, member, where, span, self._moment(span))


class ShiftStartedTrigger(ShiftTrigger):
    """A shift began."""

    _schema = _STARTED
    _words = "shift started:"

    def _moment(self, span: Span) -> float:
        return span[0]


class ShiftEndingTrigger(ShiftTrigger):
    """A shift ends in a while."""

    _schema = _ENDING
    _words = "shift ending:"

    def _moment(self, span: Span) -> float:
        before: timedelta = self._options.get("before", timedelta(minutes=15))
        return max(span[0], span[1] - before.total_seconds())


def _about(turn: _Turn, texts: Texts) -> dict[str, Any]:
    """What an automation can say about a shift: whose, until when, who is next, and what is left to do."""
    end = turn.span[1]
    duty = duty_of(turn.coordinator)
    following = {
        member.id: member.name
        for compound in turn.compounds
        for member in duty.on_duty(compound, end)
        if member.id != turn.member.id
    }
    left = [item for item in turn.coordinator.incidents.values() if _concerns(turn, item)]
    return {
        "person": turn.member.name,
        "person_id": turn.member.id,
        "next": list(following.values()),
        "device_ids": [*_devices(turn.coordinator, (turn.member.id, *following))],
        "ends_at": _iso(end),
        "open_incidents": len(left),
        "incidents": [texts.title(incident) for incident in left],
    }


def _devices(coordinator: Coordinator, people: Iterable[str]) -> Iterator[str]:
    """Whoever goes and whoever comes, as ``tell_staff`` takes them."""
    registry = dr.async_get(coordinator.hass)
    for member in people:
        key = (DOMAIN, staff_key(coordinator, member))
        device = registry.async_get_device_by_identifier(key, coordinator.entry.entry_id)
        if device:
            yield device.id


def _concerns(turn: _Turn, incident: Incident) -> bool:
    return incident.hazard is not Hazard.SELF_TEST and (not incident.compound or incident.compound in turn.compounds)


def _iso(at: float) -> str:
    local: datetime = as_local(utc_from_timestamp(at))
    return local.isoformat()


SHIFT_TRIGGERS: dict[str, type[Trigger]] = {"shift_started": ShiftStartedTrigger, "shift_ending": ShiftEndingTrigger}
"""The triggers about duty by key."""
