"""The duty plan: from who has duty by their own timetable and who stands in for whom, to shifts for the gateway."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .contract.values import Shift
from .roster import Member
from .shifts import Span, Spans, covering, merged, within, without

MAX_SHIFTS = 20_000
"""So many shifts the gateway takes (``MAX_SHIFTS`` of its API); what comes later is beyond the horizon."""


@dataclass(frozen=True, slots=True)
class StandIn:
    """``stand_in`` has the duty of ``member`` from ``start`` until just before ``end``.

    Without ``member``: the duty of the stand-in's own and every earlier tier; that of later tiers stays as it is.
    Empty ``compounds``: in all for which both are responsible.
    """

    stand_in: str
    member: str
    compounds: tuple[str, ...]
    start: float
    end: float

    def runs(self, at: float) -> bool:
        """Whether it is so at ``at``."""
        return self.start <= at < self.end


@dataclass(frozen=True, slots=True)
class Plan:
    """Who is on duty when, up to ``until`` (``None``: nobody has shifts). Who is not in ``shifted`` is always on duty.

    Beyond the horizon everybody is.
    """

    shifted: tuple[str, ...] = ()
    shifts: tuple[Shift, ...] = ()
    until: float | None = None
    _by_person: dict[str, list[Shift]] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Look-ups go by person."""
        for shift in self.shifts:
            self._by_person.setdefault(shift.person, []).append(shift)

    def always(self, person: str) -> bool:
        """Whether somebody is on duty at any time."""
        return person not in self.shifted

    def spans(self, person: str, compounds: Iterable[str] = ()) -> Spans:
        """When somebody with shifts is on duty for one of ``compounds`` (empty: for any)."""
        wanted = set(compounds)
        return merged(
            (shift.start, shift.end)
            for shift in self._by_person.get(person, ())
            if not wanted or not shift.compounds or wanted.intersection(shift.compounds)
        )

    def compounds(self, person: str, at: float) -> set[str] | None:
        """For which compounds somebody is on duty at ``at``; ``None``: for all of their own."""
        if self._everybody(person, at):
            return None
        running = [shift for shift in self._by_person.get(person, ()) if shift.start <= at < shift.end]
        whole = any(not shift.compounds for shift in running)
        return None if whole else {compound for shift in running for compound in shift.compounds}

    def on_duty(self, person: str, compound: str, at: float) -> bool:
        """Whether somebody is on duty at ``at`` for one of their compounds (empty: for any)."""
        wanted = (compound,) if compound else ()
        return self._everybody(person, at) or covering(self.spans(person, wanted), at) is not None

    def next_edge(self, after: float) -> float | None:
        """When a shift begins or ends next, or the horizon is reached."""
        edges = [edge for shift in self.shifts for edge in (shift.start, shift.end)]
        return min((edge for edge in (*edges, self.until or 0.0) if edge > after), default=None)

    def _everybody(self, person: str, at: float) -> bool:
        return self.always(person) or (self.until is not None and at >= self.until)


def resolve(
    staff: Sequence[Member],
    timetables: Mapping[str, Spans | None],
    stand_ins: Iterable[StandIn],
    compounds: Iterable[str],
    window: Span,
) -> Plan:
    """The plan for ``window``: the members' own ``timetables`` (``None``: always), then each stand-in in turn.

    Duty is handed on only where both are responsible, so nobody's place is left without somebody.
    """
    everywhere = tuple(compounds) or ("",)
    duty = {
        member.id: dict.fromkeys(member.compounds or everywhere, _own(timetables[member.id], window))
        for member in staff
    }
    tiers = {member.id: member.tier for member in staff}
    for stand_in in stand_ins:
        _hand_on(duty, tiers, stand_in, (max(stand_in.start, window[0]), min(stand_in.end, window[1])))
    shifted = tuple(
        member.id
        for member in staff
        if timetables[member.id] is not None or any(spans != (window,) for spans in duty[member.id].values())
    )
    shifts = [shift for person in shifted for shift in _shifts(person, duty[person])]
    return _bounded(shifted, sorted(shifts, key=lambda shift: (shift.start, shift.person, shift.compounds)), window[1])


def _own(timetable: Spans | None, window: Span) -> Spans:
    return (window,) if timetable is None else within(timetable, *window)


def _hand_on(duty: dict[str, dict[str, Spans]], tiers: Mapping[str, int], stand_in: StandIn, span: Span) -> None:
    to = duty.get(stand_in.stand_in)
    if to is None:
        return
    relieved = [stand_in.member] if stand_in.member else _up_to(tiers, stand_in.stand_in)
    for compound in to:
        if stand_in.compounds and compound not in stand_in.compounds:
            continue
        taken: Spans = () if stand_in.member else (span,)
        for person in relieved:
            theirs = duty.get(person, {})
            if compound in theirs:
                taken += within(theirs[compound], *span)
                theirs[compound] = without(theirs[compound], (span,))
        to[compound] = merged((*to[compound], *taken))


def _up_to(tiers: Mapping[str, int], person: str) -> list[str]:
    return [other for other, tier in tiers.items() if other != person and tier <= tiers[person]]


def _shifts(person: str, duty: Mapping[str, Spans]) -> list[Shift]:
    """One shift for all compounds that have it in common; none named when all have."""
    groups: dict[Spans, list[str]] = {}
    for compound, spans in duty.items():
        groups.setdefault(spans, []).append(compound)
    return [
        Shift(person, start, end, () if len(groups) == 1 else tuple(compounds))
        for spans, compounds in groups.items()
        for start, end in spans
    ]


def _bounded(shifted: tuple[str, ...], shifts: list[Shift], horizon: float) -> Plan:
    if not shifted:
        return Plan()
    until = shifts[MAX_SHIFTS].start if len(shifts) > MAX_SHIFTS else horizon
    return Plan(shifted, tuple(shifts[:MAX_SHIFTS]), until)
