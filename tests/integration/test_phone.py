"""What is read of the companion app: whose event it is, and that a phone which is gone is said to be."""

from typing import Any

import pytest
from homeassistant.core import Context, Event, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr

from custom_components.community_help.phone import clear, device_behind, notify_action, registrations
from tests.integration.companions import Companions


def event(user: str | None, **data: Any) -> Event:
    """What an app fires."""
    return Event("mobile_app_notification_action", data, context=Context(user_id=user))


def test_an_app_names_itself_by_the_id_that_it_registered_with(hass: HomeAssistant, companions: Companions) -> None:
    """Or by its device; but only in the name of its own user: another's app with the same id is not meant."""
    zhang = companions.add("zhang")
    companions.add("li")
    assert device_behind(hass, event("user-zhang", device_id="app-zhang")) == zhang
    assert device_behind(hass, event(None, device_id=zhang)) == zhang
    assert device_behind(hass, event("user-of-nobody", device_id="app-zhang")) == ""


def test_an_app_that_names_itself_not_is_its_users_only_phone(hass: HomeAssistant, companions: Companions) -> None:
    """As on iOS. Of two phones of one user neither is taken for the other."""
    iphone = companions.add("li", "ios")
    assert device_behind(hass, event("user-li")) == iphone
    assert device_behind(hass, event(None)) == ""
    entry_id = next(item.entry_id for item in hass.config_entries.async_entries("mobile_app"))
    dr.async_get(hass).async_get_or_create(config_entry_id=entry_id, identifiers={("mobile_app", "second")})
    assert device_behind(hass, event("user-li")) == ""


def test_an_app_whose_device_was_removed_is_nobody(hass: HomeAssistant, companions: Companions) -> None:
    """Its registration alone is no phone that could be told."""
    dr.async_get(hass).async_remove_device(companions.add("zhang"))
    assert device_behind(hass, event("user-zhang", device_id="app-zhang")) == ""
    assert registrations(hass) == {}


async def test_a_phone_that_is_gone_is_said_to_be(hass: HomeAssistant) -> None:
    """Home Assistant without ``mobile_app`` has no way to any phone, and that is an error with words."""
    assert notify_action(hass, "gone") is None
    with pytest.raises(HomeAssistantError) as error:
        await clear(hass, "gone", "tag")
    assert error.value.translation_key == "phone_gone"
