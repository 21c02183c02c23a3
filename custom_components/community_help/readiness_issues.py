"""Repairs about readiness: a duty that cannot be reached, a phone without proof or gone, a tier without people."""

import time

from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.util.dt import as_local, utc_from_timestamp

from .issues import clear_others, raise_issue
from .phone import Platform
from .readiness import Gap, Verdict, empty_tiers, stale
from .readiness_board import PhoneState, ReadinessBoard
from .texts import Texts

HOLD_SECONDS = 600.0
"""For so long duty is unreachable before a repair says so: phones connect anew within minutes after a restart
(project's choice)."""

KEYS = ("duty_unreachable", "empty_tier", "phone_missing", *(f"phone_unproven_{item.value}" for item in Platform))
"""Everything that is said here, each about a compound or a phone."""


class ReadinessIssues:
    """The repairs of one board."""

    def __init__(self, board: ReadinessBoard, texts: Texts) -> None:
        """Nothing is wrong yet."""
        self._board = board
        self._texts = texts
        self._hass = board.coordinator.hass
        self._entry = board.coordinator.entry
        self._since: dict[str, float] = {}

    @callback
    def async_start(self) -> CALLBACK_TYPE:
        """Follow the board until the returned function is called; then nothing is said any more."""
        unlisten = self._board.async_listen(self._on_look)
        self._on_look()

        @callback
        def stop() -> None:
            unlisten()
            for key in KEYS:
                clear_others(self._hass, self._entry, key, set())

        return stop

    @callback
    def _on_look(self) -> None:
        wrong: dict[str, set[str]] = {key: set() for key in KEYS}
        if self._board.known and self._board.staff():
            for compound in self._board.coordinator.compounds:
                self._duty(compound, wrong)
                self._tiers(compound, wrong)
            for state in self._board.phones.values():
                self._phone(state, wrong)
        for key, still in wrong.items():
            clear_others(self._hass, self._entry, key, still)

    def _duty(self, compound: str, wrong: dict[str, set[str]]) -> None:
        found = self._board.gaps(compound)
        if not self._lasts(compound, wrong=bool(found)) or not found:
            return
        wrong["duty_unreachable"].add(compound)
        first = found[0]
        worst = any(gap.verdict is Verdict.UNREACHABLE for gap in found)
        raise_issue(
            self._hass,
            self._entry,
            "duty_unreachable",
            about=compound,
            severity=ir.IssueSeverity.ERROR if worst else ir.IssueSeverity.WARNING,
            compound=self._board.coordinator.compounds[compound].name,
            people=self._names(first),
            time=as_local(utc_from_timestamp(first.at)).strftime("%H:%M"),
        )

    def _names(self, gap: Gap) -> str:
        names = {member.id: member.name for member in self._board.staff()}
        return self._texts.listed(names[person] for person in gap.people if person in names)

    def _lasts(self, what: str, *, wrong: bool) -> bool:
        """Whether something has been wrong for long enough to be said."""
        if not wrong:
            self._since.pop(what, None)
            return False
        now = time.time()
        return now - self._since.setdefault(what, now) >= HOLD_SECONDS

    def _tiers(self, compound: str, wrong: dict[str, set[str]]) -> None:
        staff = tuple(member for member in self._board.staff() if member.serves(compound))
        tiers = empty_tiers(staff) if staff else (1,)
        if not tiers:
            return
        wrong["empty_tier"].add(compound)
        raise_issue(
            self._hass,
            self._entry,
            "empty_tier",
            about=compound,
            severity=ir.IssueSeverity.WARNING,
            compound=self._board.coordinator.compounds[compound].name,
            tiers=", ".join(map(str, tiers)),
        )

    def _phone(self, state: PhoneState, wrong: dict[str, set[str]]) -> None:
        """A phone that is gone, or has proven nothing for too long; one that only has no way right now waits."""
        missing = self._lasts(state.device_id, wrong=state.handset is None)
        if state.handset is None:
            if missing:
                self._say("phone_missing", state, "", wrong)
        elif stale(state.record, time.time(), silently=state.silently):
            self._say(f"phone_unproven_{state.handset.platform.value}", state, state.handset.name, wrong)

    def _say(self, key: str, state: PhoneState, name: str, wrong: dict[str, set[str]]) -> None:
        wrong[key].add(state.device_id)
        raise_issue(
            self._hass,
            self._entry,
            key,
            about=state.device_id,
            severity=ir.IssueSeverity.WARNING,
            person=self._board.owner(state.device_id),
            phone=name,
        )
