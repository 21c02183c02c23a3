"""The words on a phone, in Home Assistant's language, from the translation files."""

import time

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations

from .const import DOMAIN
from .contract.values import Incident, IncidentState


class Texts:
    """One language's words."""

    def __init__(self, words: dict[str, str]) -> None:
        """``words`` by key, placeholders still in them."""
        self._words = words

    @classmethod
    async def load(cls, hass: HomeAssistant) -> Texts:
        """The words of the language that this Home Assistant is set to."""
        prefix = f"component.{DOMAIN}.common."
        found = await async_get_translations(hass, hass.config.language, "common", [DOMAIN])
        return cls({key.removeprefix(prefix): text for key, text in found.items()})

    def say(self, key: str, **placeholders: str | int) -> str:
        """The text ``key`` with its placeholders filled in."""
        return self._words[key].format(**placeholders)

    def title(self, incident: Incident) -> str:
        """What happened and where: the first line that a woken person reads."""
        return self.say("page_title", hazard=self.say(f"hazard_{incident.hazard.value}"), place=incident.place)

    def message(self, incident: Incident, reason: str, now: float) -> str:
        """How many detectors, since when, and why the phone rings again; test and age are said, never hidden."""
        live = [member for member in incident.members if member.restored_at is None]
        lines = [self.say("page_detectors", count=len({m.point for m in incident.members}), live=len(live))]
        age = int(now - incident.opened_at)
        if age >= 60:
            lines.append(self.say("page_age", minutes=age // 60))
        if any(member.test for member in incident.members):
            lines.append(self.say("page_test_label"))
        if reason in ("joined", "escalated", "repeated"):
            lines.append(self.say(f"page_{reason}"))
        return "\n".join(lines)

    def taken(self, incident: Incident) -> str:
        """Who has it, and how long that took."""
        owner = incident.owner.name if incident.owner else ""
        seconds = int((incident.acknowledged_at or time.time()) - incident.opened_at)
        return self.say("taken", name=owner, seconds=max(seconds, 0))

    def state(self, incident: Incident) -> str:
        """One line about an incident that nobody need answer any more."""
        return self.say("closed") if incident.state is IncidentState.CLOSED else self.taken(incident)
