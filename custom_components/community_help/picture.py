"""The last known picture of what wants an answer, on disk, for the time when the gateway is gone.

It holds names of places, so it is removed with the config entry and nothing of it is logged.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from .contract.values import Incident, Page
from .contract.wire import from_wire, to_wire
from .coordinator import Coordinator
from .incidents import answered, loud
from .notice import newest


@dataclass(slots=True)
class Picture:
    """Open incidents, unsettled pages, compounds, the journal's epoch and the fencing number (0: others page).

    ``told_loss`` are the phones that show that the gateway is gone.
    """

    epoch: str = ""
    fence: int = 0
    compounds: tuple[str, ...] = ()
    incidents: dict[str, Incident] = field(default_factory=dict)
    pages: dict[str, Page] = field(default_factory=dict)
    told_loss: tuple[str, ...] = ()

    def take(self, coordinator: Coordinator) -> None:
        """Take over what a coordinator knows."""
        self.epoch = coordinator.epoch
        if coordinator.claimed:
            self.fence = coordinator.fence
        self.compounds = tuple(coordinator.compounds)
        self.incidents, self.pages = coordinator.incidents, coordinator.pages

    def unanswered(self) -> list[tuple[Page, Incident]]:
        """The newest page of each incident that still wants an answer, to everybody whom an unsettled page names.

        A page that the gateway itself would not go on with (a notice, a warning for the morning) is left out.
        """
        found: dict[str, tuple[Page, Incident]] = {}
        for page in sorted(self.pages.values(), key=lambda page: page.number):
            incident = newest(page, self.incidents.get(page.incident.id))
            if page.settled or answered(incident) or not (page.answer_by or loud(incident)):
                continue
            before = found.get(incident.id)
            found[incident.id] = (replace(page, people=_together(before[0] if before else page, page)), incident)
        return list(found.values())

    def to_disk(self) -> dict[str, Any]:
        """As it is stored."""
        return {
            "epoch": self.epoch,
            "fence": self.fence,
            "compounds": list(self.compounds),
            "incidents": [to_wire(incident) for incident in self.incidents.values()],
            "pages": [to_wire(page) for page in self.pages.values()],
            "told_loss": list(self.told_loss),
        }


def picture_from_disk(data: dict[str, Any]) -> Picture:
    """What an earlier run stored."""
    incidents = [from_wire(Incident, item) for item in data["incidents"]]
    pages = [from_wire(Page, item) for item in data["pages"]]
    return Picture(
        data["epoch"],
        data["fence"],
        tuple(data["compounds"]),
        {incident.id: incident for incident in incidents},
        {page.id: page for page in pages},
        tuple(data["told_loss"]),
    )


def _together(one: Page, other: Page) -> tuple[str, ...]:
    """The people of both; a page to nobody in particular is to everybody."""
    if not one.people or not other.people:
        return ()
    return tuple(dict.fromkeys((*one.people, *other.people)))
