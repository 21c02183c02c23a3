"""The site file's sections ``policies`` and ``gas``: what a community wants to be different from the defaults.

A rule names a hazard, perhaps a compound and a severity, and only the numbers that it changes. The most particular
rule wins, number by number: a rule for one compound is laid over one for all, one for a severity over one without.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from copy import replace
from dataclasses import fields
from datetime import time
from typing import Any

import voluptuous as vol

from .model.kinds import Hazard, PointKind, Severity
from .model.policy import GAS, Limits, Policy, PolicySet, default

MAX_SECONDS = 31 * 86400.0
SELF_RESOLVING = (Hazard.FIRE_LANE, Hazard.APPLIANCE)
"""Only these may end by themselves (promise 3)."""


class PolicyError(ValueError):
    """A rule is wrong; ``section`` and ``index`` say which."""

    def __init__(self, section: str, index: int, problem: str) -> None:
        """Remember the place."""
        super().__init__(problem)
        self.section = section
        self.index = index


def minutes(value: object) -> int:
    """Minutes of the day from "22:30"; YAML takes 20:00 without quotes for the number 1200."""
    message = 'expected a time such as "22:30" (in quotes)'
    if not isinstance(value, str):
        raise vol.Invalid(message)
    try:
        found = time.fromisoformat(value)
    except ValueError as error:
        raise vol.Invalid(message) from error
    return found.hour * 60 + found.minute


def minutes_or_off(value: object) -> int | None:
    """Minutes of the day, or ``None`` for off, which YAML takes without quotes for false."""
    if value is False or value == "off":
        return None
    try:
        return minutes(value)
    except vol.Invalid as error:
        problem = f"{error}, or off"
        raise vol.Invalid(problem) from error


def degrees(most: int) -> Callable[[object], float]:
    """A check of an angle, in degrees to either side."""

    def check(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not -most <= value <= most:
            problem = f"expected degrees from -{most} to {most}"
            raise vol.Invalid(problem)
        return float(value)

    return check


_SECONDS = vol.All(vol.Any(int, float), vol.Range(min=0, max=MAX_SECONDS), vol.Coerce(float))
_WAIT = vol.All(vol.Any(int, float), vol.Range(min=5, max=MAX_SECONDS), vol.Coerce(float))
_LEVEL = vol.All(vol.Any(int, float), vol.Range(min=0, max=1e6, msg="expected a number from 0"), vol.Coerce(float))
_LEVELS = vol.All([_LEVEL], vol.Length(min=3, max=3))
_NUMBERS: dict[vol.Marker, Any] = {
    vol.Optional(name): _SECONDS for name in ("investigate", "quiet", "fold", "collect", "flap", "free")
}
RULES_SCHEMA = [
    {
        vol.Required("hazard"): vol.In([hazard.value for hazard in Hazard if hazard is not Hazard.SELF_TEST]),
        vol.Optional("compound", default=""): str,
        vol.Optional("severity", default=""): vol.In(["", *(severity.value for severity in Severity)]),
        vol.Optional("accept"): _WAIT,
        vol.Optional("answer"): vol.All([_WAIT], vol.Length(min=1, max=9)),
        vol.Optional("unproven"): vol.Any(vol.All(0, vol.Coerce(float)), _WAIT),
        vol.Optional("review"): _WAIT,
        vol.Optional("raise_again"): _WAIT,
        vol.Optional("repeats"): bool,
        vol.Optional("pages"): bool,
        vol.Optional("resolves"): bool,
        vol.Optional("hours"): vol.Any([], vol.All([minutes], vol.Length(min=2, max=2))),
        vol.Optional("dwell"): vol.All([_WAIT], vol.Length(min=1, max=3)),
        **_NUMBERS,
    }
]
GAS_SCHEMA = [
    {
        vol.Required("gas"): vol.In([gas.value for gas in GAS]),
        vol.Optional("compound", default=""): str,
        vol.Optional("rising"): _LEVELS,
        vol.Optional("falling"): _LEVELS,
        vol.Optional("hysteresis"): vol.All(vol.Any(int, float), vol.Range(min=0, max=0.5), vol.Coerce(float)),
    }
]
_TUPLES = ("answer", "hours", "dwell")


def policies_of(
    rules: Sequence[Mapping[str, Any]], gas: Sequence[Mapping[str, Any]], compounds: Collection[str]
) -> PolicySet:
    """Whole policies from the rules of a site file; raises PolicyError."""
    for section, items in (("policies", rules), ("gas", gas)):
        for index, item in enumerate(items):
            if item["compound"] and item["compound"] not in compounds:
                raise PolicyError(section, index, f"there is no compound {item['compound']}")
    return PolicySet.of(_rules(rules), _limits(gas))


def _rules(rules: Sequence[Mapping[str, Any]]) -> dict[str, Policy]:
    """Every combination of compound, hazard and severity that a rule is about, as a whole policy."""
    for index, rule in enumerate(rules):
        if rule.get("resolves") and Hazard(rule["hazard"]) not in SELF_RESOLVING:
            raise PolicyError("policies", index, f"resolves: {rule['hazard']} incidents never end by themselves")
        if list(rule.get("dwell", ())) != sorted(set(rule.get("dwell", ()))):
            raise PolicyError("policies", index, "dwell: expected times that become longer")
    found: dict[str, Policy] = {}
    for rule in rules:
        hazard = Hazard(rule["hazard"])
        compounds = [rule["compound"]] if rule["compound"] else ["", *{item["compound"] for item in rules} - {""}]
        severities = [Severity(rule["severity"])] if rule["severity"] else list(Severity)
        for compound in compounds:
            for severity in severities:
                found[f"{compound}/{hazard}/{severity}"] = _laid_over(rules, compound, hazard, severity)
    return found


def _laid_over(rules: Sequence[Mapping[str, Any]], compound: str, hazard: Hazard, severity: Severity) -> Policy:
    fitting = [
        rule
        for rule in rules
        if rule["hazard"] == hazard and rule["compound"] in ("", compound) and rule["severity"] in ("", severity)
    ]
    policy = default(hazard, severity)
    names = {item.name for item in fields(Policy)}
    for rule in sorted(fitting, key=lambda rule: (bool(rule["compound"]), bool(rule["severity"]))):
        given: dict[str, Any] = {
            name: tuple(value) if name in _TUPLES else value for name, value in rule.items() if name in names
        }
        policy = replace(policy, **given)
    return policy


def _limits(gas: Sequence[Mapping[str, Any]]) -> dict[str, Limits]:
    found: dict[str, Limits] = {}
    for index, item in enumerate(gas):
        own = GAS[PointKind(item["gas"])]
        limits = Limits(
            tuple(item.get("rising", own.rising)),
            tuple(item.get("falling", own.falling)),
            item.get("hysteresis", own.hysteresis),
        )
        if list(limits.rising) != sorted(limits.rising) or list(limits.falling) != sorted(limits.falling, reverse=True):
            raise PolicyError("gas", index, "expected levels that become worse: warning, alarm, danger")
        if not _can_end(limits):
            raise PolicyError("gas", index, "hysteresis: an alarm would never end, nothing is left between the levels")
        found[f"{item['compound']}/{item['gas']}"] = limits
    return found


def _can_end(limits: Limits) -> bool:
    """Whether a value exists that ends an alarm below as well as one above."""
    if not limits.falling:
        return True
    return limits.falling[0] * (1 + limits.hysteresis) < limits.rising[0] * (1 - limits.hysteresis)
