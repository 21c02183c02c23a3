"""How a community wants its alarms to be dealt with: waits, tiers, folding and thresholds, as data.

A policy belongs to a compound, a hazard and a severity. What is not set comes from ``DEFAULTS``. An incident keeps
the set of policies that was in force when it was raised.
"""

import hashlib
from dataclasses import dataclass, field

from .kinds import Hazard, PointKind, Severity


@dataclass(frozen=True, slots=True)
class Policy:
    """What happens, and when. Seconds; 0 switches a wait off. Every number is the project's choice unless noted.

    ``accept``: until the gateway stops waiting for Home Assistant and uses its own channel (promise 10).
    ``answer``: how long each tier has, from tier 1; the last number is also how often the last tier is paged again.
    ``unproven``: how long a tier still has when every way to it was tried and no phone has shown that it has the page.
    ``repeats``: whether an unanswered page goes on to the next tier and again; without it people are told once.
    ``pages``: whether people are told at all, or the incident is only shown.
    ``hours``: minutes of the local day within which people are told; empty for any time.
    ``investigate``: how long somebody who took an incident may look before they say what they found (NFPA 72 calls
    it positive alarm sequence and gives 180 s); then the next tier is paged. A second detector skips the wait.
    ``quiet``: how long an owner may say nothing while something is still in alarm.
    ``review``: after how long an answered incident that nobody touches is marked as needing review, and pages no more.
    ``fold``: how long after its last alarm an incident takes in what alarms in the same building.
    ``collect``: worsenings within this time make one page (promise 4).
    ``flap``: a point that comes and goes pages again at most this often (promise 4).
    ``raise_again``: after how long an incident that was closed while a point was live raises again.
    ``resolves``: whether the incident may end by itself, after a held, live "free" (fire lanes and appliances only).
    ``dwell``: for fire lanes, after how long occupied comes which level: warning, alarm, danger.
    ``free``: how long "free" must hold.
    """

    accept: float = 10.0
    answer: tuple[float, ...] = (60.0, 120.0)
    unproven: float = 30.0
    repeats: bool = True
    pages: bool = True
    hours: tuple[int, ...] = ()
    investigate: float = 180.0
    quiet: float = 1800.0
    review: float = 4 * 3600.0
    fold: float = 900.0
    collect: float = 30.0
    flap: float = 300.0
    raise_again: float = 1800.0
    resolves: bool = False
    dwell: tuple[float, ...] = ()
    free: float = 30.0

    def wait(self, tier: int) -> float:
        """How long the ``tier`` that was paged has to answer."""
        return self.answer[min(max(tier, 1), len(self.answer)) - 1]


SELF_TEST_SECONDS = 600.0
"""A self-test ends by itself after so long: the proofs of sleeping phones take minutes at most (project's choice)."""

FOREVER = 10 * 365 * 86400.0
"""One incident per cause takes in whatever joins while it is open."""

DEFAULTS: dict[tuple[Hazard, Severity | None], Policy] = {
    (Hazard.FIRE, None): Policy(),
    (Hazard.GAS, None): Policy(answer=(60.0, 120.0)),
    (Hazard.GAS, Severity.WARNING): Policy(answer=(180.0, 300.0), investigate=900.0),
    (Hazard.UNPLACED, None): Policy(answer=(120.0,), investigate=600.0),
    (Hazard.FIRE_LANE, None): Policy(
        answer=(300.0, 600.0), investigate=0.0, resolves=True, dwell=(60.0, 180.0, 600.0), fold=0.0
    ),
    (Hazard.APPLIANCE, None): Policy(answer=(300.0, 900.0), investigate=0.0, resolves=True, fold=0.0),
    (Hazard.SUPERVISION, None): Policy(
        answer=(3600.0,), repeats=False, investigate=0.0, quiet=0.0, review=7 * 86400.0, fold=FOREVER
    ),
    (Hazard.SUPERVISION, Severity.NOTICE): Policy(
        answer=(3600.0,),
        repeats=False,
        pages=False,
        investigate=0.0,
        quiet=0.0,
        review=30 * 86400.0,
        fold=FOREVER,
    ),
    (Hazard.SUPERVISION, Severity.WARNING): Policy(
        answer=(3600.0,),
        repeats=False,
        hours=(8 * 60, 20 * 60),
        investigate=0.0,
        quiet=0.0,
        review=7 * 86400.0,
        fold=FOREVER,
    ),
    (Hazard.SELF_TEST, None): Policy(accept=SELF_TEST_SECONDS, repeats=False, investigate=0.0, quiet=0.0, fold=0.0),
}
"""The fire lane's 60 s, 180 s and 10 min follow field practice: a voice after about a minute, cleared in ten."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The levels of one gas in its own unit. ``falling`` levels alarm below, the others from the value upwards.

    A level is left again only ``hysteresis`` (a share of the level) beyond it.
    """

    rising: tuple[float, ...]
    falling: tuple[float, ...] = ()
    hysteresis: float = 0.1


GAS: dict[PointKind, Limits] = {
    PointKind.CH4: Limits((10.0, 20.0, 50.0)),
    PointKind.H2S: Limits((5.0, 7.0, 14.0)),
    PointKind.CO: Limits((16.0, 24.0, 50.0)),
    PointKind.O2: Limits((23.5, 23.5, 30.0), (19.5, 19.5, 16.0), 0.015),
}
"""%LEL, ppm, ppm, %VOL. Combustible gas at most 25 and 50 %LEL, oxygen 19.5 and 23.5 %VOL: GB/T 50493-2019, 5.5.2;
H2S from 10 and 20 mg/m3 (GBZ 2.1-2019). The lowest level of each, and danger of CO and oxygen, are the project's
choice."""

SAMPLES = 2
"""So many samples in a row must be above a level before it counts; danger counts at once (project's choice)."""


@dataclass(frozen=True, slots=True)
class PolicySet:
    """All that a community decided. ``rules`` are whole policies under "compound/hazard/severity" (any compound: "").

    ``id`` names the content: equal sets have equal ids. Create with ``of``.
    """

    id: str = "default"
    rules: dict[str, Policy] = field(default_factory=dict)
    gas: dict[str, Limits] = field(default_factory=dict)

    @classmethod
    def of(cls, rules: dict[str, Policy], gas: dict[str, Limits]) -> PolicySet:
        """A set with its id."""
        if not rules and not gas:
            return cls()
        text = repr((sorted(rules.items()), sorted(gas.items())))
        return cls(hashlib.sha256(text.encode()).hexdigest()[:12], rules, gas)

    def find(self, compound: str, hazard: Hazard, severity: Severity) -> Policy:
        """The policy for an incident: the most particular rule that there is, else the default."""
        for key in (f"{compound}/{hazard}/{severity}", f"/{hazard}/{severity}"):
            if key in self.rules:
                return self.rules[key]
        return default(hazard, severity)

    def limits(self, compound: str, kind: PointKind) -> Limits | None:
        """The levels of a gas in a compound; ``None`` for what has none."""
        return self.gas.get(f"{compound}/{kind}") or self.gas.get(f"/{kind}") or GAS.get(kind)


def default(hazard: Hazard, severity: Severity | None) -> Policy:
    """The policy of a hazard while nobody has decided otherwise."""
    return DEFAULTS.get((hazard, severity)) or DEFAULTS[hazard, None]
