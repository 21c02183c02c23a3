"""What each phone has proven, and when: on disk, so that a restart does not make a phone look doubtful."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from .const import SIGNAL_PROOF
from .contract.values import ReceiptStep
from .kept import Kept

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
        self._kept = Kept(hass, entry.entry_id, "proofs", self._saved)

    async def async_start(self) -> None:
        """Take up what earlier runs learnt, then listen."""
        self.records = await self._kept.async_read(_record)
        self._undo = async_dispatcher_connect(self._hass, SIGNAL_PROOF, self._on_proof)

    async def async_stop(self) -> None:
        """Listen no more; what is known is saved."""
        if self._undo:
            self._undo()
        self._undo = None
        await self._kept.async_save()

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
        self._kept.async_save_soon(SAVE_SECONDS)

    def _saved(self) -> dict[str, Any]:
        return {
            device_id: {
                "since": record.since,
                "proofs": [[proof.step.value, proof.at, proof.reason] for proof in record.proofs.values()],
            }
            for device_id, record in self.records.items()
        }


def _record(item: dict[str, Any]) -> Record:
    proofs = [Proof(ReceiptStep(step), float(at), str(reason)) for step, at, reason in item["proofs"]]
    return Record(float(item["since"]), {proof.step: proof for proof in proofs})
