"""Puts the shipped blueprints into the configuration folder, without the internet and only when a person asks for it.

A file that somebody changed is never overwritten. The only module that reads the internals of ``blueprint`` and
``automation``, because they have no public API for it.
"""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from homeassistant.const import STATE_ON
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util.file import WriteError, write_utf8_file_atomic

from .const import DOMAIN

SHIPPED = Path(__file__).parent / "blueprints"
HASHES = "shipped.sha256"
"""Every version of every blueprint that was ever shipped, in the form of ``sha256sum``; ``scripts/sync`` adds to it."""

ANSWER = f"{DOMAIN}.page_staff"
"""The action by which an automation answers a page."""


@dataclass(slots=True)
class Installed:
    """What became of each shipped blueprint, by file name."""

    new: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


async def async_install(hass: HomeAssistant) -> Installed:
    """Install what is missing and update what nobody changed; raises a translated HomeAssistantError."""
    folder = Path(hass.config.path("blueprints", "automation", DOMAIN))
    try:
        found = await hass.async_add_executor_job(_install, folder)
    except (OSError, UnicodeError, WriteError) as error:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="blueprints_not_written",
            translation_placeholders={"folder": str(folder), "reason": str(error)},
        ) from error
    if found.new or found.updated:
        await _forget_cached(hass)
    if found.updated and hass.services.has_service("automation", "reload"):
        await hass.services.async_call("automation", "reload", blocking=True)
    return found


def _install(folder: Path) -> Installed:
    known = {tuple(line.split()) for line in (SHIPPED / HASHES).read_text("utf-8").splitlines()}
    found = Installed()
    folder.mkdir(parents=True, exist_ok=True)
    for source in sorted(SHIPPED.glob("*.yaml")):
        target, wanted = folder / source.name, source.read_bytes()
        there = target.read_bytes() if target.exists() else None
        if there == wanted:
            found.same.append(source.name)
        elif there is not None and (hashlib.sha256(there).hexdigest(), source.name) not in known:
            found.kept.append(source.name)
        else:
            write_utf8_file_atomic(str(target), wanted.decode("utf-8"))
            (found.new if there is None else found.updated).append(source.name)
    return found


async def _forget_cached(hass: HomeAssistant) -> None:
    """Let Home Assistant read the files anew; where that is not possible a restart does it."""
    kept = hass.data.get("blueprint")
    reset = getattr(kept.get("automation"), "async_reset_cache", None) if isinstance(kept, dict) else None
    if reset:
        await reset()


@callback
def async_answering(hass: HomeAssistant) -> bool:
    """Whether an automation that is switched on answers pages, from a blueprint or by hand.

    ``raw_config`` of an automation from a blueprint is the blueprint's text with the inputs filled in.
    """
    return any(
        ANSWER in str(getattr(automation, "raw_config", ""))
        for automation in tuple(getattr(hass.data.get("automation"), "entities", ()))
        if (state := hass.states.get(automation.entity_id)) and state.state == STATE_ON
    )
