"""What stands open in each compound: how many incidents, how bad, and the newest of them."""

from collections import Counter
from collections.abc import Iterable
from itertools import islice

from .contract.values import Hazard, Incident, IncidentState, Severity

RANKS = (Severity.NOTICE, Severity.WARNING, Severity.ALARM, Severity.DANGER)
"""From the least to the worst."""

EVERYWHERE = ""
"""The compound of an incident that has none of its own; it concerns every compound."""


def topic(compound: str) -> str:
    """What a listener waits for that wants to know what stands open in ``compound``."""
    return f"incidents {compound}"


class Standing:
    """The open incidents of one compound."""

    __slots__ = ("drills", "incidents", "severities")

    def __init__(self) -> None:
        """Nothing stands open."""
        self.incidents: dict[str, Incident] = {}
        self.severities: Counter[Severity] = Counter()
        self.drills = 0

    def put(self, incident: Incident) -> None:
        """It stands so now."""
        self._uncount(self.incidents.get(incident.id))
        self.incidents[incident.id] = incident
        self.severities[_known(incident.severity)] += 1
        self.drills += incident.drill

    def drop(self, incident_id: str) -> None:
        """It is closed."""
        self._uncount(self.incidents.pop(incident_id, None))

    def _uncount(self, before: Incident | None) -> None:
        if before:
            self.severities[_known(before.severity)] -= 1
            self.drills -= before.drill


class OpenIncidents:
    """The open incidents of one gateway, by compound; rehearsals of the phones are none."""

    def __init__(self, incidents: Iterable[Incident] = ()) -> None:
        """``incidents``: everything that is open."""
        self._standing: dict[str, Standing] = {}
        for incident in incidents:
            self.take(incident)

    def take(self, incident: Incident) -> str:
        """An incident is so now; the topic that this concerns."""
        if incident.hazard is not Hazard.SELF_TEST:
            standing = self._standing.setdefault(incident.compound, Standing())
            if incident.state is IncidentState.CLOSED:
                standing.drop(incident.id)
            else:
                standing.put(incident)
        return topic(incident.compound)

    def count(self, compound: str) -> int:
        """How many stand open."""
        return sum(len(item.incidents) for item in self._of(compound))

    def drills(self, compound: str) -> int:
        """How many of them are part of a drill."""
        return sum(item.drills for item in self._of(compound))

    def worst(self, compound: str) -> Severity | None:
        """How bad the worst is; ``None`` when nothing stands open."""
        found = self._of(compound)
        return next((rank for rank in reversed(RANKS) if any(item.severities[rank] > 0 for item in found)), None)

    def newest(self, compound: str, most: int) -> list[Incident]:
        """The newest ``most``, newest first."""
        found = [each for item in self._of(compound) for each in islice(reversed(item.incidents.values()), most)]
        return sorted(found, key=lambda incident: incident.opened_at, reverse=True)[:most]

    def _of(self, compound: str) -> list[Standing]:
        return [self._standing[key] for key in dict.fromkeys((compound, EVERYWHERE)) if key in self._standing]


def _known(severity: Severity) -> Severity:
    """What a newer gateway calls by a new name is loud, to be safe."""
    return severity if severity in RANKS else Severity.ALARM
