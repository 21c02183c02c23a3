"""The entity budget: a repair warns before Home Assistant adds no more entities."""

from collections import Counter

from homeassistant.core import callback
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.helpers.entity_platform import MAX_ENABLED_ENTITIES_PER_CONFIG_ENTRY as LIMIT

from .coordinator import Coordinator
from .issues import clear_issue, raise_issue

WARN_AT = 9000
"""Home Assistant adds no enabled entity beyond 10,000 of a config entry (``LIMIT``), and more registered ones than that
in one instance overrun its start (design, section 7). A tenth is left to act in."""

NAMED = 8
"""So many compounds, the largest ones, are named in the repair (project's choice)."""


@callback
def async_check(coordinator: Coordinator, own: set[str], by_compound: Counter[str]) -> bool:
    """Warn, or be content again; whether there is room for all of them.

    ``own`` are the unique ids of all entities that there are to be, whether or not Home Assistant took them;
    ``by_compound`` says how many of them each compound has. What else is registered counts, too.
    """
    registered = er.async_entries_for_config_entry(er.async_get(coordinator.hass), coordinator.entry.entry_id)
    total = len(own) + sum(entry.unique_id not in own for entry in registered)
    if total < WARN_AT:
        clear_issue(coordinator.hass, coordinator.entry, "entity_budget")
        return True
    known = coordinator.compounds
    largest = [(known[compound].name, count) for compound, count in by_compound.most_common() if compound in known]
    raise_issue(
        coordinator.hass,
        coordinator.entry,
        "entity_budget",
        severity=ir.IssueSeverity.WARNING,
        count=str(total),
        compounds="\n".join(f"- {name}: {count}" for name, count in largest[:NAMED]),
    )
    return total <= LIMIT
