"""The promises that only the record as a whole can show: memberships, answers, pages for what is worse."""

from collections import defaultdict
from dataclasses import dataclass, field

from community_help_gateway.model.incident import Incident
from community_help_gateway.model.kinds import Hazard, PointKind
from community_help_gateway.model.state import Event, EventKind
from tests.gateway.model.steps import Step

COLLECT, FLAP, SLACK = 30.0, 300.0, 0.001
"""Worsenings within 30 s make one page, a flapping point pages every 5 minutes at most (promise 4)."""

WORSE = {EventKind.RAISED, EventKind.WORSENED, EventKind.OWNER_SILENT, EventKind.ASKED, EventKind.DECLARED_REAL}
TAKEN = {EventKind.ACKNOWLEDGED, EventKind.HANDLING, EventKind.HANDED_OVER, EventKind.RESOLVED}

OFFSET, HOUR, DAY = 8 * 3600.0, 3600.0, 86400.0
"""China's clock, ahead of UTC."""

NO_WORSE = ("folded:same_floor", "folded:same_cause", "folded:panel")
"""How a joining that makes nothing worse says so."""


type Moment = tuple[float, float]
"""Wall and monotonic time."""

LONG_AGO = (-1e9, -1e9)


@dataclass
class Story:
    """What the record tells of one incident."""

    worse: int = 0
    seen: int = 0
    floors: set[str] = field(default_factory=set)
    hazards: set[Hazard] = field(default_factory=set)
    points: set[str] = field(default_factory=set)
    since_page: list[tuple[str, str]] = field(default_factory=list)
    worse_at: Moment = LONG_AGO
    again_at: dict[str, Moment] = field(default_factory=dict)


@dataclass
class History:
    """Every incident's story, every membership and every page so far."""

    stories: dict[str, Story] = field(default_factory=lambda: defaultdict(Story))
    memberships: set[tuple[str, str, int]] = field(default_factory=set)
    pages: set[str] = field(default_factory=set)
    nights: dict[tuple[str, float], Moment] = field(default_factory=dict)

    def follow(self, step: Step) -> None:
        """Read a step's events."""
        for event in step.decision.events:
            if event.kind in (EventKind.RAISED, EventKind.JOINED):
                self._one_membership_for_each_episode(step, event)
                self._what_is_worse_is_told(step, event)
            self._answers(step, event)
            if event.kind is EventKind.SELF_TEST and event.person == "gateway":
                self._one_self_test_a_night(step, event)
            if event.kind is EventKind.PAGED and event.page and event.page.id not in self.pages:
                self.pages.add(event.page.id)
                self._pages_for_what_is_worse_are_rare(event, _when(step, event.page.incident))
        for incident in step.state.incidents.values():
            story = self.stories[incident.id]
            assert incident.answered is (story.seen >= story.worse), ("promise 4: answered", incident, story)

    def _one_membership_for_each_episode(self, step: Step, event: Event) -> None:
        """Promise 2; what a drill injected is no episode, and one of an unknown device counts within its incident."""
        assert event.member
        assert event.incident
        if event.point is None and event.member.point in step.site.points:
            assert event.incident.drill, ("promise 5: only injected alarms have no point", event)
            return
        if event.incident.hazard is Hazard.SUPERVISION:
            return
        scope = "" if event.point else event.incident.id
        found = (scope, event.member.point, event.member.episode)
        assert found not in self.memberships, ("promise 2: one membership", event)
        self.memberships.add(found)

    def _what_is_worse_is_told(self, step: Step, event: Event) -> None:
        """Promise 4: a new floor, an unknown floor, a second hazard, a call point, a return are never just folded."""
        assert event.member
        story, member = self.stories[event.subject], event.member
        point = step.site.points.get(member.point)
        if event.kind is EventKind.JOINED and member.hazard is not Hazard.SUPERVISION:
            worse = (
                member.point in story.points
                or member.hazard not in story.hazards
                or not member.floor
                or member.floor not in story.floors
                or (point is not None and point.kind is PointKind.CALL_POINT)
            )
            assert not worse or event.detail not in NO_WORSE, ("promise 4: worse is told", event, story)
        story.points.add(member.point)
        story.hazards.add(member.hazard)
        story.floors |= {member.floor} - {""}
        if event.kind is EventKind.RAISED:
            story.again_at[member.point] = (event.at, step.mono)
        elif event.detail not in NO_WORSE:
            story.since_page.append((event.detail, member.point))

    def _one_self_test_a_night(self, step: Step, event: Event) -> None:
        """Within an hour of the site file's time, each night once; again only after a clock was set back behind it.

        Then the test that was is in the future, and a future one may be what a wrong clock has left.
        """
        assert step.site.self_test is not None
        late = (event.at + OFFSET - step.site.self_test * 60) % DAY
        assert late < HOUR, ("a night's self-test is at night", event, late)
        night = (event.subject, event.at - late)
        at, mono = self.nights.get(night, LONG_AGO)
        set_back = (step.mono - mono) - (event.at - at)
        assert night not in self.nights or set_back > HOUR, ("one a night", event)
        self.nights[night] = event.at, step.mono

    def _answers(self, step: Step, event: Event) -> None:
        story, incident = self.stories[event.subject], event.incident
        if not incident:
            return
        told = event.kind is EventKind.JOINED and event.detail not in NO_WORSE
        if event.kind in WORSE or told:
            story.worse = incident.revision
        if event.kind is EventKind.WORSENED:
            story.since_page.append((event.detail, ""))
        if event.kind in TAKEN and step.cause.revision is not None:
            story.seen = max(story.seen, step.cause.revision)
            if story.seen >= story.worse:  # nothing of what came before pages any more
                story.since_page.clear()

    def _pages_for_what_is_worse_are_rare(self, event: Event, now: Moment) -> None:
        assert event.page
        story = self.stories[event.page.incident]
        if event.page.reason == "worse":
            assert not _soon(story.worse_at, now, COLLECT), ("promise 4: one page in 30 s", event, story)
            story.worse_at = now
            again = {detail for detail, _ in story.since_page} <= {"paged:again", "folded:flapping"}
            if again and story.since_page:
                self._flapping_pages_are_rare(event, story, now)
        story.since_page.clear()

    @staticmethod
    def _flapping_pages_are_rare(event: Event, story: Story, now: Moment) -> None:
        points = {point for _, point in story.since_page}
        rare = [not _soon(story.again_at.get(point, LONG_AGO), now, FLAP) for point in points]
        assert any(rare), ("promise 4: a flapping point pages every 5 minutes at most", event, story)
        story.again_at |= dict.fromkeys(points, now)


def _when(step: Step, incident: str) -> Moment:
    """Now, or when the wait for a page ended that an outage kept from coming, or that a clock jumped over."""
    wait = step.before.deadlines.get(f"page:{incident}")
    late = max(step.now - wait.due_at, 0.0) if wait else 0.0
    return step.now - late, step.mono - late


def _soon(before: Moment, now: Moment, wait: float) -> bool:
    """Whether less than ``wait`` has passed, by a clock that nobody set in between."""
    return all(0 <= late - early < wait - SLACK for early, late in zip(before, now, strict=True))


def unanswered(incident: Incident) -> bool:
    """Whether nobody has seen what made it worse."""
    return incident.acknowledged_revision < incident.worse_revision
