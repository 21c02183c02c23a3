"""Repairs from the auditor's word: hours in which nobody is reachable, a journal that cannot be written, and others."""

from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.helpers import issue_registry as ir

from .coordinator import Coordinator
from .facts import Fact
from .findings import finding, hole
from .issues import clear_issue, raise_issue
from .texts import Texts

SHOWN_HOLES = 10
"""A repair is read by a person; the rest is counted (project's choice)."""


@callback
def async_follow(coordinator: Coordinator, texts: Texts) -> CALLBACK_TYPE:
    """Show in words what the auditor of this gateway finds, until the returned function is called."""

    @callback
    def on_health() -> None:
        _holes(coordinator, texts)
        _findings(coordinator, texts)
        _journal(coordinator)

    on_health()
    return coordinator.facts.async_listen((Fact.HEALTH,), on_health)


def _holes(coordinator: Coordinator, texts: Texts) -> None:
    health = coordinator.facts.health
    if health is None or not health.holes:
        clear_issue(coordinator.hass, coordinator.entry, "policy_holes")
        return
    listed = "\n".join(f"- {hole(texts, coordinator.compounds, code)}" for code in health.holes[:SHOWN_HOLES])
    raise_issue(
        coordinator.hass,
        coordinator.entry,
        "policy_holes",
        severity=ir.IssueSeverity.WARNING,
        count=str(len(health.holes)),
        holes=listed,
    )


def _findings(coordinator: Coordinator, texts: Texts) -> None:
    health = coordinator.facts.health
    if health is None or not health.findings:
        clear_issue(coordinator.hass, coordinator.entry, "auditor_findings")
        return
    listed = (f"- {finding(texts, coordinator.incidents, code)}" for code in health.findings[:SHOWN_HOLES])
    raise_issue(coordinator.hass, coordinator.entry, "auditor_findings", findings="\n".join(listed))


def _journal(coordinator: Coordinator) -> None:
    health = coordinator.facts.health
    if health is None or health.recorded:
        clear_issue(coordinator.hass, coordinator.entry, "journal_problem")
    else:
        raise_issue(coordinator.hass, coordinator.entry, "journal_problem")
