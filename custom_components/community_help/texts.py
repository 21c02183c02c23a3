"""The words on a phone, in Home Assistant's language, from the translation files."""

import time
from collections.abc import Iterable, Mapping
from functools import reduce

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations

from .const import CONF_RUNBOOKS, DOMAIN
from .contract.values import Hazard, Incident, IncidentState, Page
from .incidents import detectors, live


class Texts:
    """One language's words."""

    def __init__(self, words: dict[str, str], entry: ConfigEntry | None = None) -> None:
        """``words`` by key, placeholders still in them; in ``entry`` a community may have words of its own."""
        self._words = words
        self._entry = entry

    @classmethod
    async def load(cls, hass: HomeAssistant, entry: ConfigEntry | None = None) -> Texts:
        """The words of the language that this Home Assistant is set to."""
        prefix = f"component.{DOMAIN}.common."
        found = await async_get_translations(hass, hass.config.language, "common", [DOMAIN])
        return cls({key.removeprefix(prefix): text for key, text in found.items()}, entry)

    def say(self, key: str, **placeholders: str | int) -> str:
        """The text ``key`` with its placeholders filled in."""
        return self._words[key].format(**placeholders)

    def maybe(self, key: str) -> list[str]:
        """The text ``key`` as a line, or none: a newer gateway may name what this version has no words for."""
        return [self._words[key]] if key in self._words else []

    def filled(self, key: str, placeholders: Mapping[str, str | int]) -> str:
        """The text ``key`` with its placeholders filled in; empty when it has no words here, or wants more."""
        try:
            return self._words[key].format(**placeholders)
        except KeyError:
            return ""

    def title(self, incident: Incident) -> str:
        """What happened and where: the first line that a woken person reads. A drill says so before all else."""
        title = self.say("page_title", hazard=self._hazard(incident.hazard), place=incident.place)
        return self.say("page_title_drill", title=title) if incident.drill else title

    def page(self, page: Page, incident: Incident, now: float) -> str:
        """A page's message: what is known of the incident, why it rings, why these people, and what is missing."""
        lines = [
            *self._about(incident, now),
            *self.maybe(f"page_{page.reason}"),
            *(self.maybe(f"why_{page.why}") if page.why else ()),
        ]
        if not page.recorded:
            lines.append(self.say("page_not_recorded"))
        return "\n".join((*lines, *self.runbook(incident.hazard)))

    def runbook(self, hazard: Hazard) -> list[str]:
        """What to do: the community's own words, else the default ones; nothing for what threatens nobody."""
        own = self._entry.options.get(CONF_RUNBOOKS, {}).get(hazard.value, "") if self._entry else ""
        return [own] if own else self.maybe(f"runbook_{hazard.value}")

    def unanswered(self, incident: Incident, now: float) -> str:
        """An update of a page that still wants an answer."""
        lines = self._about(incident, now)
        if incident.owner:
            lines.append(self.say("page_owner", name=incident.owner.name))
        if incident.tier > 1:
            lines.append(self.say("page_tier", tier=incident.tier))
        return "\n".join(lines)

    def state(self, incident: Incident) -> str:
        """An incident that nobody need answer any more: how it stands, and whether it was only a drill."""
        lines = [self.say("page_drill")] if incident.drill else []
        lines.append(self._state(incident))
        if incident.needs_review:
            lines.append(self.say("needs_review"))
        return "\n".join(lines)

    def _state(self, incident: Incident) -> str:
        name = incident.owner.name if incident.owner else self.say("somebody")
        if incident.state is IncidentState.CLOSED or incident.closed_at is not None:
            return self.say("closed")
        if incident.state is IncidentState.RESOLVED:
            return self.say("resolved")
        if incident.state is IncidentState.HANDLING:
            return self.say("handling", name=name)
        seconds = int((incident.acknowledged_at or time.time()) - incident.opened_at)
        return self.say("taken", name=name, seconds=max(seconds, 0))

    def _about(self, incident: Incident, now: float) -> list[str]:
        """How many detectors, where, since when; drill, test and a replaced journal are said, never hidden."""
        lines = [self.say("page_drill")] if incident.drill else []
        if detectors(incident):
            lines.append(self.say("page_detectors", count=detectors(incident), live=live(incident)))
        if incident.floors:
            lines.append(self.say("page_floors", floors=self.listed(incident.floors)))
        others = [self._hazard(hazard) for hazard in incident.hazards if hazard is not incident.hazard]
        if others:
            lines.append(self.say("page_hazards", hazards=self.listed(others)))
        age = int(now - incident.opened_at)
        if age >= 60:
            lines.append(self.say("page_age", minutes=age // 60))
        if any(member.test for member in incident.members):
            lines.append(self.say("page_test_label"))
        return [*lines, *(self.maybe(f"mark_{incident.mark}") if incident.mark else ())]

    def listed(self, items: Iterable[str]) -> str:
        """Several things in one line, the way the language separates them."""
        return reduce(lambda done, item: self.say("list", done=done, item=item), items)

    def _hazard(self, hazard: Hazard) -> str:
        return self.say(f"hazard_{hazard.value}")
