"""An automation rehearses in the name of a responsible person; a person always in their own."""

from typing import Any

import pytest
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.community_help.contract import commands
from tests.integration.conftest import GATEWAY_ID, FakeGateway, add_staff

CALLS: dict[str, dict[str, Any]] = {
    "start_drill": {"device_id": "bay", "minutes": 30},
    "end_drill": {"device_id": "bay"},
    "inject_alarm": {},
}
KINDS: dict[str, type] = {
    "start_drill": commands.StartDrill,
    "end_drill": commands.EndDrill,
    "inject_alarm": commands.Inject,
}


@pytest.fixture
def rehearse(hass: HomeAssistant, loaded: MockConfigEntry, phones: list[dict[str, Any]]) -> Any:
    """Call an action in somebody's name, by default as an automation does: without a user."""
    smoke = er.async_get(hass).async_get_entity_id("binary_sensor", "community_help", f"{GATEWAY_ID}_f201_smoke")

    async def call(name: str, by: str, context: Context | None = None) -> None:
        data = {**CALLS[name], "by": by, **({"entity_id": smoke} if name == "inject_alarm" else {})}
        await hass.services.async_call("community_help", name, data, blocking=True, context=context or Context())

    return call


@pytest.mark.parametrize("name", list(CALLS))
async def test_an_automation_rehearses_in_the_name_of_a_member_of_the_staff(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, rehearse: Any, name: str
) -> None:
    """Named by name, by id, or by the person's device."""
    li = add_staff(hass, loaded, "李四", 1, "one", "bay")
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=loaded.entry_id, config_subentry_id=li, identifiers={("community_help", f"{GATEWAY_ID}_x")}
    )
    for by in ("李四", li, device.id):
        await rehearse(name, by)
    assert [(body.person.id, body.person.name) for body in gateway.bodies(KINDS[name])] == [(li, "李四")] * 3


@pytest.mark.parametrize("name", list(CALLS))
async def test_a_person_rehearses_in_their_own_name_only(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, user: MockUser, rehearse: Any, name: str
) -> None:
    """Whoever calls with a user cannot put it on somebody else."""
    add_staff(hass, loaded, "张三", 1, "one", "bay")
    add_staff(hass, loaded, "李四", 1, "dead", "bay")
    await rehearse(name, "李四", Context(user_id=user.id))
    (body,) = gateway.bodies(KINDS[name])
    assert body.person.name == "张三"


@pytest.mark.parametrize("name", list(CALLS))
@pytest.mark.parametrize(
    ("by", "key"), [("赵六", "unknown_person"), ("王五", "unknown_person"), ("李四", "not_responsible")]
)
async def test_nobody_two_of_a_name_and_the_staff_of_elsewhere_cannot_be_named(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, rehearse: Any, name: str, by: str, key: str
) -> None:
    """A rehearsal silences nobody's alarm, but somebody must answer for it."""
    for member in ("王五", "王五"):
        add_staff(hass, loaded, member, 1, "one")
    add_staff(hass, loaded, "李四", 1, "one", "elsewhere")
    with pytest.raises(ServiceValidationError) as error:
        await rehearse(name, by)
    assert error.value.translation_key == key
    assert not gateway.bodies(KINDS[name])
