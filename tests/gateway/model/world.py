"""A state that only decisions change, and time that only tests move."""

from collections.abc import Callable
from copy import replace
from dataclasses import dataclass
from typing import Any

from community_help_gateway.model.audit import watched
from community_help_gateway.model.draft import Decision, Draft
from community_help_gateway.model.incident import Deadline, DeadlineKind, Incident, Page, Person
from community_help_gateway.model.observation import LinkState, Observation
from community_help_gateway.model.reduce import commit, due, field_input
from community_help_gateway.model.site import Site
from community_help_gateway.model.state import Event, EventKind, State

ZHANG = Person("zhang", "张三")
LI = Person("li", "李四")
START = 1795397415.0
"""Monday, 2026-11-23, 09:30:15 in China."""


@dataclass
class World:
    """A state that is only changed through decisions, and everything that was recorded."""

    site: Site
    now: float = START

    def __post_init__(self) -> None:
        """Nothing has happened; every link is up."""
        self.state = State("e")
        self.events: list[Event] = []
        for link, device in self.site.links():
            self.link(link, device, up=True)

    def take(self, decision: Decision) -> Decision:
        """Carry a decision out; whatever it was, no incident is left without a clock or a person."""
        commit(self.state, decision)
        self.events += decision.events
        assert all(watched(self.state, incident) for incident in self.state.incidents.values())
        assert self.alone() <= {point for group in self.state.loose.values() for point in group}
        return decision

    def alone(self) -> set[str]:
        """The points in alarm that are in no open incident."""
        alarming = {point for group in self.state.alarming.values() for point in group}
        return {point for point in alarming if self.state.points[point].incident not in self.state.incidents}

    def decide(self, decide: Callable[..., Decision], *args: Any, **more: Any) -> Decision:
        """A command of a person or an integration."""
        return self.take(decide(self.draft(), *args, **more))

    def say(self, device: str, alarm: bool | None = True, *, kind: str = "", **more: Any) -> Decision:
        """A device of the site speaks; ``kind`` names its point where it has several."""
        points = self.site.devices[device].points
        (point,) = [item for item in points if not kind or item.kind == kind]
        seen = replace(Observation(address=point.address, received_at=self.now, alarm=alarm), **more)
        return self.take(field_input(self.state, self.site, seen, self.now))

    def link(self, link: str, device: str, *, up: bool, rivals: int = 0) -> Decision:
        """A link comes or goes."""
        decision = self.take(
            field_input(self.state, self.site, LinkState(link, device, up, self.now, rivals), self.now)
        )
        (self.state.links_up.add if up else self.state.links_up.discard)((link, device))
        return decision

    def draft(self) -> Draft:
        """For people's decisions."""
        return Draft(self.state, self.site, self.now)

    def waits(self, kind: DeadlineKind) -> list[Deadline]:
        """The running waits of a kind."""
        return [item for item in self.state.deadlines.values() if item.kind is kind]

    def expire(self, kind: DeadlineKind) -> Decision:
        """Let the one wait of a kind fall due."""
        (deadline,) = self.waits(kind)
        self.now = max(self.now, deadline.due_at)
        return self.take(due(self.state, self.site, deadline, self.now))

    def pass_(self, seconds: float) -> None:
        """Let time pass; whatever falls due in it does, in order and at its time."""
        end = self.now + seconds
        while self.state.deadlines:
            deadline = min(self.state.deadlines.values(), key=lambda item: (item.due_at, item.id))
            if deadline.due_at > end:
                break
            self.now = max(self.now, deadline.due_at)
            self.take(due(self.state, self.site, deadline, self.now))
        self.now = end

    @property
    def incident(self) -> Incident:
        """The only incident there is."""
        (incident,) = self.state.incidents.values()
        return incident

    @property
    def page(self) -> Page:
        """The only unsettled page there is."""
        (page,) = self.state.pages.values()
        return page

    def members(self, incident: Incident | None = None) -> list[str]:
        """The points in an incident."""
        return list(self.state.members.get((incident or self.incident).id, {}))

    def kinds(self) -> list[str]:
        """What was recorded, but for points, policies and settled pages."""
        quiet = (EventKind.POINT, EventKind.SETTLED, EventKind.POLICIES)
        return [event.kind.value for event in self.events if event.kind not in quiet]

    def details(self, kind: EventKind) -> list[str]:
        """The details of all events of a kind."""
        return [event.detail for event in self.events if event.kind is kind]

    def paged(self) -> list[tuple[str, int, str]]:
        """Every page so far: reason, tier, people."""
        pages = [event.page for event in self.events if event.kind is EventKind.PAGED and event.page]
        return [(page.reason, page.tier, ",".join(page.people)) for page in pages]
