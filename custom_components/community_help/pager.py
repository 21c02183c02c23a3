"""Delivers pages to phones: the only module that sends. Which words and how loud may come from an automation.

A page goes out once an automation calls ``page_staff`` for it, or after the grace time with the default words.
What has been sent to whom is on disk, so that after a restart the right phones are updated.
"""

import asyncio
import logging
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from homeassistant.core import CALLBACK_TYPE, CoreState, Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.storage import Store
from homeassistant.util.hass_dict import HassKey

from . import phone
from .client import CannotConnectError, RefusedError
from .const import DOMAIN, GRACE_SECONDS, SIGNAL_INCIDENT, SIGNAL_PAGE
from .contract.messages import RecordReceipt
from .contract.values import Incident, IncidentEvent, IncidentEventKind, Page, ReceiptStep
from .coordinator import Coordinator
from .roster import phones_for
from .texts import Texts

_LOGGER = logging.getLogger(__name__)
PAGERS: HassKey[dict[str, Pager]] = HassKey(f"{DOMAIN}_pagers")
"""The running pagers by config entry id, for the action ``page_staff``."""

EVENT_RECEIVED = "mobile_app_notification_received"
SAVE_DELAY_SECONDS = 1.0


@dataclass(slots=True)
class Told:
    """Which phones show which incident; ``people`` is the staff id behind each phone (empty when unknown)."""

    people: dict[str, str] = field(default_factory=dict)
    page: str = ""


class Pager:
    """Pages the staff of one gateway."""

    def __init__(self, hass: HomeAssistant, coordinator: Coordinator, texts: Texts) -> None:
        """Nothing is sent before ``async_start``."""
        self._hass = hass
        self._coordinator = coordinator
        self._texts = texts
        self._told: dict[str, Told] = {}
        self._seen: dict[str, None] = {}
        self._grace: dict[str, CALLBACK_TYPE] = {}
        self._undo: list[CALLBACK_TYPE] = []
        self._store: Store[dict[str, Any]] = Store(hass, 1, f"{DOMAIN}.{coordinator.entry.entry_id}.told")

    async def async_start(self) -> None:
        """Load what was sent before the restart, then listen."""
        for incident_id, item in (await self._store.async_load() or {}).items():
            self._told[incident_id] = Told(item["people"], item["page"])
        self._hass.data.setdefault(PAGERS, {})[self._coordinator.entry.entry_id] = self
        self._undo = [
            async_dispatcher_connect(self._hass, SIGNAL_PAGE, self._on_page),
            async_dispatcher_connect(self._hass, SIGNAL_INCIDENT, self._on_incident),
            self._hass.bus.async_listen(EVENT_RECEIVED, self._on_received),
        ]

    async def async_stop(self) -> None:
        """Stop listening; what is unsent stays demanded in the gateway's journal."""
        self._hass.data[PAGERS].pop(self._coordinator.entry.entry_id, None)
        for undo in (*self._undo, *self._grace.values()):
            undo()
        self._grace.clear()
        await self._store.async_save(self._saved())

    async def async_page_staff(self, page: Page, title: str, message: str, *, critical: bool) -> None:
        """Send a page with an automation's words; one that went out already is only updated in place."""
        first = self._grace.pop(page.id, None)
        if first:
            first()
        elif self._told.get(page.incident.id, Told()).page == page.id:
            await self._send(page, title, message, critical=critical, sounding=False)
            return
        ir.async_delete_issue(self._hass, DOMAIN, self._issue_id)
        await self._send(page, title, message, critical=critical, sounding=True)

    @property
    def _issue_id(self) -> str:
        return f"page_unhandled_{self._coordinator.entry.entry_id}"

    @callback
    def _on_page(self, coordinator: Coordinator, page: Page) -> None:
        """Start the grace time of a page that is ours and new to us."""
        if coordinator is not self._coordinator:
            return
        if page.settled:
            self._forget_grace(page.id)
            self._seen.pop(page.id, None)
            return
        if page.id in self._seen or not coordinator.fence or page.accepted:
            return
        self._seen[page.id] = None

        async def send_defaults(_now: datetime) -> None:
            self._grace.pop(page.id, None)
            self._complain()
            await self._send(page, "", "", critical=True, sounding=True)

        self._grace[page.id] = async_call_later(self._hass, GRACE_SECONDS, send_defaults)

    def _forget_grace(self, page_id: str) -> None:
        cancel = self._grace.pop(page_id, None)
        if cancel:
            cancel()

    def _complain(self) -> None:
        """No automation answered in time: say so, unless Home Assistant is only starting."""
        if self._hass.state is CoreState.running:
            ir.async_create_issue(
                self._hass,
                DOMAIN,
                self._issue_id,
                is_fixable=False,
                severity=ir.IssueSeverity.WARNING,
                translation_key="page_unhandled",
                translation_placeholders={"gateway": self._coordinator.entry.title},
            )

    async def _send(self, page: Page, title: str, message: str, *, critical: bool, sounding: bool) -> None:
        """Send to every phone of the page's people separately: a dead or slow one never stops or delays the others."""
        incident = self._coordinator.incidents.get(page.incident.id, page.incident)
        title = title or self._texts.title(incident)
        message = message or self._texts.message(incident, page.reason, time.time())
        data = phone.page_data(incident, self._texts.say("acknowledge"), critical=critical, sounding=sounding)
        told = self._told.setdefault(incident.id, Told())
        told.page = page.id
        people = phones_for(self._hass, self._coordinator.entry, page.people)
        told.people |= people

        async def tell(device_id: str, person: str) -> bool:
            step, detail = await self._hand_over(device_id, message, title, data)
            await self._receipt(page.id, step, device_id, person, detail)
            return step is ReceiptStep.HANDED_OVER

        if any(await asyncio.gather(*(tell(*item) for item in people.items()))):
            await self._receipt(page.id, ReceiptStep.ACCEPTED)
        else:
            _LOGGER.error("Page %s reached no phone", page.id)
        self._store.async_delay_save(self._saved, SAVE_DELAY_SECONDS)

    async def _hand_over(
        self, device_id: str, message: str, title: str, data: dict[str, Any]
    ) -> tuple[ReceiptStep, str]:
        try:
            await phone.send(self._hass, device_id, message, title, data)
        except HomeAssistantError as error:
            return ReceiptStep.FAILED, str(error)[:200]
        return ReceiptStep.HANDED_OVER, ""

    async def _receipt(
        self, page_id: str, step: ReceiptStep, device_id: str = "", person: str = "", detail: str = ""
    ) -> None:
        """Tell the gateway; while it is away the proof is lost and the page simply stays unproven."""
        try:
            await self._coordinator.async_command(RecordReceipt(page_id, step, time.time(), device_id, person, detail))
        except CannotConnectError, RefusedError:
            _LOGGER.debug("The receipt %s of page %s could not be recorded", step, page_id)

    @callback
    def _on_incident(self, coordinator: Coordinator, event: IncidentEvent) -> None:
        if coordinator is not self._coordinator:
            return
        if event.kind in (IncidentEventKind.ACKNOWLEDGED, IncidentEventKind.CLOSED):
            self._hass.async_create_task(self._update(event.incident))

    async def _update(self, incident: Incident) -> None:
        """Replace the page on every phone that shows it, unless something newer still wants an answer."""
        told = self._told.get(incident.id)
        if told is None or (incident.closed_at is None and incident.acknowledged_revision < incident.revision):
            return
        self._forget_grace(told.page)
        for device_id in told.people:
            await self._hand_over(
                device_id, self._texts.state(incident), self._texts.title(incident), phone.update_data(incident)
            )
        if incident.closed_at is not None:
            del self._told[incident.id]
        self._store.async_delay_save(self._saved, SAVE_DELAY_SECONDS)

    async def _on_received(self, event: Event) -> None:
        """Android says that the notification is on the phone."""
        incident_id = str(event.data.get("tag", "")).removeprefix("community_help_")
        told = self._told.get(incident_id)
        if told:
            device_id = str(event.data.get("device_id", ""))[:64]
            await self._receipt(told.page, ReceiptStep.RECEIVED, device_id, told.people.get(device_id, ""))

    def _saved(self) -> dict[str, Any]:
        return {key: {"people": told.people, "page": told.page} for key, told in self._told.items()}
