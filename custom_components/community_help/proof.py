"""What each phone has proven, and when: on disk, so that a restart does not make a phone look doubtful."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.storage import Store

from .const import DOMAIN, SIGNAL_PROOF
from .contract.values import ReceiptStep

PROVING = (ReceiptStep.RECEIVED, ReceiptStep.SEEN, ReceiptStep.ACTED)
"""Steps that only the phone itself can bring about; that it was handed over proves nothing."""

SAVE_SECONDS = 30.0
"""Proofs on disk may trail by this: a lost one comes again with the next page or self-test (project's choice)."""

PAGE, SELF_TEST, CONFIRMATION = "page", "self_test", "confirmation"
"""Why the phone was told something when it proved that it can be reached."""


@dataclass(frozen=True, slots=True)
class Proof:
    """One step, when it was last proven, and by which kind of notification."""

    step: ReceiptStep
    at: float
    reason: str = PAGE


@dataclass(slots=True)
class Record:
    """Everything that one phone has proven; ``since`` is when the phone was first known."""

    since: float
    proofs: dict[ReceiptStep, Proof] = field(default_factory=dict)

    @property
    def last(self) -> Proof | None:
        """The newest proof of all."""
        return max(self.proofs.values(), key=lambda proof: proof.at, default=None)


class Proofs:
    """The proofs of the phones of one gateway's staff."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Empty before ``async_start``."""
        self._hass = hass
        self._entry = entry
        self.records: dict[str, Record] = {}
        self._listeners: dict[CALLBACK_TYPE, None] = {}
        self._undo: CALLBACK_TYPE | None = None
        self._save_pending = False
        self._store: Store[dict[str, Any]] = Store(hass, 1, f"{DOMAIN}.{entry.entry_id}.proofs")

    async def async_start(self) -> None:
        """Take up what earlier runs learnt, then listen."""
        for device_id, item in (await self._store.async_load() or {}).items():
            proofs = [Proof(ReceiptStep(step), at, reason) for step, at, reason in item["proofs"]]
            self.records[device_id] = Record(item["since"], {proof.step: proof for proof in proofs})
        self._undo = async_dispatcher_connect(self._hass, SIGNAL_PROOF, self._on_proof)

    async def async_stop(self) -> None:
        """Listen no more; what is known is saved."""
        if self._undo:
            self._undo()
        self._undo = None
        await self._store.async_save(self._saved())

    @callback
    def async_listen(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call ``listener`` after every proof."""
        self._listeners[listener] = None
        return lambda: self._listeners.pop(listener, None) and None

    @callback
    def async_keep(self, phones: Iterable[str]) -> None:
        """Know these phones from now on, and forget all others; none at all means that they are not loaded yet."""
        wanted, now = set(phones), time.time()
        if not wanted or wanted == set(self.records):
            return
        self.records = {phone: self.records.get(phone) or Record(now) for phone in sorted(wanted)}
        self._save_soon()

    @callback
    def _on_proof(self, entry_id: str, device_id: str, step: ReceiptStep, at: float, reason: str = PAGE) -> None:
        """A phone proved something; what is older than what is known, or from the future, teaches nothing."""
        record = self.records.get(device_id)
        if entry_id != self._entry.entry_id or record is None or step not in PROVING:
            return
        at, before = min(at, time.time()), record.proofs.get(step)
        if before and before.at >= at:
            return
        record.proofs[step] = Proof(step, at, reason)
        self._save_soon()
        for listener in tuple(self._listeners):
            listener()

    def _save_soon(self) -> None:
        """Save once after the delay; what comes meanwhile is in it, and does not put it off."""
        if not self._save_pending:
            self._save_pending = True
            self._store.async_delay_save(self._saved, SAVE_SECONDS)

    def _saved(self) -> dict[str, Any]:
        self._save_pending = False
        return {
            device_id: {
                "since": record.since,
                "proofs": [[proof.step.value, proof.at, proof.reason] for proof in record.proofs.values()],
            }
            for device_id, record in self.records.items()
        }
