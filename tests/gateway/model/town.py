"""A town that is driven step by step: a state, its record, the field's own words, two clocks, and all promises."""

from collections.abc import Callable
from copy import replace
from typing import Any

from community_help_gateway.model import supervision
from community_help_gateway.model.draft import Decide, Decision, Draft
from community_help_gateway.model.incident import Deadline, Incident, Person
from community_help_gateway.model.kinds import Hazard
from community_help_gateway.model.observation import Address, LinkState, Observation, Reset
from community_help_gateway.model.reduce import commit, due, field_input, take_up
from community_help_gateway.model.site import Point, Site
from community_help_gateway.model.state import EventKind, Put, State
from tests.gateway.model.history import History
from tests.gateway.model.promises import CHECKS, the_indexes_say_what_the_records_say
from tests.gateway.model.replay import Copy, differences, reloaded
from tests.gateway.model.steps import Before, Cause, Step
from tests.gateway.model.told import Told
from tests.gateway.model.world import START

BUSY = 60
"""After so many waits in one stretch of time the gateway is taken to be away for the rest of it."""


class Town:
    """Everything around the model that the hub is in the real gateway, in its simplest form."""

    def __init__(self, site: Site) -> None:
        """An empty journal, and every link comes up."""
        self.site = self.everything = site
        self.wall, self.mono = START, 0.0
        self.state = State("e")
        self.copy = Copy("e")
        self.told, self.history = Told(), History()
        self.rings: dict[str, tuple[float, Deadline]] = {}
        self.start()

    def start(self) -> None:
        """The gateway starts: no link is up yet, and waits go on as the journal says."""
        self.rings = {}
        for wait in self.state.deadlines.values():
            self._ring(wait)
        self._look(take_up)
        for link, device in self.site.links():
            self.link(LinkState(link, device, up=True, received_at=self.wall))

    def restart(self) -> None:
        """The process ends, and another one replays the record."""
        replayed = self.copy.replayed()
        assert not differences(self.state, replayed), differences(self.state, replayed)
        assert not differences(self.state, reloaded(self.state)), differences(self.state, reloaded(self.state))
        self.state = replayed
        self.told.recall(replayed.points)
        self.start()

    def hear(self, seen: Observation) -> Decision:
        """A device speaks."""
        point = self.site.resolve(seen.address)
        if point:
            self.told.hear(point.id, seen)
        else:
            self._hear_unplaced(seen)
        return self._take(Cause(said=seen), field_input(self.state, self.site, seen, self.wall))

    def reset(self, said: Reset) -> None:
        """A system was reset."""
        self.told.reset(self.site.on_link(said.address.link, said.address.device), said)
        self._take(Cause(said=said), field_input(self.state, self.site, said, self.wall))

    def link(self, said: LinkState) -> None:
        """A link comes, goes, or has rivals."""
        if said.up:
            heard = {point.id for point in self.everything.on_link(said.link, said.device)}
            self.told.rivals = self.told.rivals | heard if said.rivals else self.told.rivals - heard
        self._take(Cause(said=said), field_input(self.state, self.site, said, self.wall), said)

    def decide(self, decide: Decide, person: Person, revision: int | None = None) -> Decision:
        """Somebody decides something."""
        cause = Cause(person=person.id, revision=revision)
        return self._take(cause, decide(Draft(self.state, self.site, self.wall)))

    def sweep(self, *silent: str) -> None:
        """The gateway looks for silent and old devices."""
        self._look(lambda draft: supervision.sweep(draft, silent))

    def rebuild(self, site: Site) -> None:
        """Another site file: what is open stays as it is (promise 12)."""
        before = Before.of(self.state)
        self.site = site
        assert Before.of(self.state) == before
        decision = self._look(take_up)
        joined = {event.subject for event in decision.events}
        for incident in before.incidents.values():
            now = self.state.incidents[incident.id]
            assert now == incident or incident.id in joined, ("promise 12", incident, now)
            assert now.owner == incident.owner, ("promise 12", incident, now)
            assert before.members[incident.id].keys() <= self.state.members[incident.id].keys(), "promise 12"

    def pass_(self, seconds: float) -> None:
        """Time passes, and what falls due in it does so at its time; after many waits the rest falls due late."""
        end = self.mono + seconds
        for _ in range(BUSY):
            if not self._due(end):
                break
        self._move(end)

    def away(self, seconds: float) -> None:
        """The gateway is away: time passes, then what fell due meanwhile does, in its order."""
        self._move(self.mono + seconds)
        for _ in range(BUSY):
            if not self._due(self.mono):
                break

    def jump(self, seconds: float) -> None:
        """The wall clock is set."""
        self.wall += seconds

    @property
    def incidents(self) -> list[Incident]:
        """The open ones in the order in which they were raised."""
        return sorted(self.state.incidents.values(), key=lambda item: int(item.id.rpartition("-")[2]))

    def seen(self, point: Point, **more: Any) -> Observation:
        """Something that a point says now."""
        return replace(Observation(address=point.address, received_at=self.wall), **more)

    def _hear_unplaced(self, seen: Observation) -> None:
        """What an unknown device's alarm was labelled with when it began is all that is kept of its test."""
        voice = self.told.voices[name_of(seen.address)]
        label = bool(seen.test) if seen.alarm and not voice.live else voice.label
        self.told.hear(name_of(seen.address), seen)
        voice.label = label

    def _look(self, what: Callable[[Draft], None]) -> Decision:
        draft = Draft(self.state, self.site, self.wall)
        what(draft)
        return self._take(Cause(look="look"), draft.decision())

    def _due(self, end: float) -> bool:
        """Let the earliest wait that ends by ``end`` fall due."""
        if not self.rings:
            return False
        at, wait = min(self.rings.values(), key=lambda ring: (ring[0], ring[1].id))
        if at > end:
            return False
        self._move(max(self.mono, at))
        del self.rings[wait.id]
        self._take(Cause(due=wait), due(self.state, self.site, wait, self.wall))
        return True

    def _move(self, mono: float) -> None:
        self.wall += mono - self.mono
        self.mono = mono

    def _ring(self, wait: Deadline) -> None:
        self.rings[wait.id] = (self.mono + wait.remaining(self.wall), wait)

    def _take(self, cause: Cause, decision: Decision, link: LinkState | None = None) -> Decision:
        before = Before.of(self.state)
        commit(self.state, decision)
        if link:
            (self.state.links_up.add if link.up else self.state.links_up.discard)((link.link, link.device))
        for change in decision.changes:
            if isinstance(change, Put) and isinstance(change.record, Deadline):
                self._ring(change.record)
        self.rings = {key: ring for key, ring in self.rings.items() if key in self.state.deadlines}
        self.copy.follow(decision, self.state.number)
        self._forget_unplaced(before, decision)
        self._judge(Step(cause, decision, before, self.state, self.site, self.wall, self.mono, self.told))
        return decision

    def _forget_unplaced(self, before: Before, decision: Decision) -> None:
        """An unknown device that alarms on after its incident was closed is taken for a new one when it raises."""
        for event in decision.events:
            if not event.incident or event.incident.hazard is not Hazard.UNPLACED:
                continue
            if event.kind is EventKind.RAISED and event.member:
                voice = self.told.voices[event.member.point]
                voice.at, voice.label = event.member.device_at, event.member.test
            elif event.kind is EventKind.CLOSED:
                for point in before.members[event.subject]:
                    self.told.voices.pop(point, None)

    def _judge(self, step: Step) -> None:
        self.history.follow(step)
        for check in CHECKS:
            check(step)
        the_indexes_say_what_the_records_say(self.state)
        assert not differences(self.state, self.copy.state), differences(self.state, self.copy.state)


def name_of(address: Address) -> str:
    """How an unknown address is called in an incident."""
    return f"{address.link} {address.device} {address.part}".strip()
