"""Repairs from the auditor's word: hours in which nobody is reachable, and a journal that cannot be written."""

from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.helpers import issue_registry as ir

from .coordinator import Coordinator
from .facts import Fact
from .issues import clear_issue, raise_issue

SHOWN_HOLES = 10
"""A repair is read by a person; the rest is counted (project's choice)."""


@callback
def async_follow(coordinator: Coordinator) -> CALLBACK_TYPE:
    """Show what the auditor of this gateway finds, until the returned function is called."""

    @callback
    def on_health() -> None:
        _holes(coordinator)
        _journal(coordinator)

    on_health()
    return coordinator.facts.async_listen((Fact.HEALTH,), on_health)


def _holes(coordinator: Coordinator) -> None:
    health = coordinator.facts.health
    if health is None or not health.holes:
        clear_issue(coordinator.hass, coordinator.entry, "policy_holes")
        return
    listed = "\n".join(f"- {hole}" for hole in health.holes[:SHOWN_HOLES])
    raise_issue(
        coordinator.hass,
        coordinator.entry,
        "policy_holes",
        severity=ir.IssueSeverity.WARNING,
        count=str(len(health.holes)),
        holes=listed,
    )


def _journal(coordinator: Coordinator) -> None:
    health = coordinator.facts.health
    if health is None or health.recorded:
        clear_issue(coordinator.hass, coordinator.entry, "journal_problem")
    else:
        raise_issue(coordinator.hass, coordinator.entry, "journal_problem")
