"""A self-test goes from the real gateway to the phone without anybody noticing, and stands in the month's report."""

import time
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.e2e.develop import Demo
from tests.e2e.steps import ZHANG, closed, fire, ringing, until

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]
TEST_TAG = "community_help_test_"
SERVICES = "/api/services/community_help"


async def ask(demo: Demo, action: str, **data: Any) -> dict[str, Any]:
    """What an action answers about the demo's gateway."""
    answer = await demo.hass.post(f"{SERVICES}/{action}?return_response", data)
    (found,) = answer["service_response"]["gateways"]
    return dict(found)


async def compound(demo: Demo) -> str:
    """The device of the demo's compound."""
    socket = await demo.hass.socket()
    devices = await socket.call("config/device_registry/list")
    await socket.close()
    return str(next(item["id"] for item in devices if item["model_id"] == "compound"))


async def test_a_self_test_proves_the_phone_and_stands_in_the_months_report(demo: Demo) -> None:
    """Silent, confirmed by the phone itself, gone again; the gateway and Home Assistant both know whom it reached."""
    await fire(demo, 501)
    page = await demo.phone.until(ringing, what="page")  # a phone that never confirmed anything is not trusted to
    await closed(demo, page, 501)
    await until(lambda: page.tag not in demo.phone.screen, 20, "end on the phone")
    demo.phone.forget()
    await demo.hass.post(f"{SERVICES}/run_self_test", {"device_id": await compound(demo)})
    await until(lambda: bool(demo.phone.history), 30, "self-test on the phone")
    shown = demo.phone.history[0]  # it may be off the screen again within milliseconds
    assert shown.tag.startswith(TEST_TAG)
    assert (shown.data["importance"], shown.data["visibility"], shown.sounds) == ("min", "secret", False)
    await until(lambda: shown.tag not in demo.phone.screen, 20, "end of the self-test on the phone")
    month = f"{datetime.now(ZoneInfo('Asia/Shanghai')):%Y-%m}"  # where the demo's community is

    async def reached() -> dict[str, Any]:
        report = (await ask(demo, "get_drill_report", month=month))["report"]
        return report["self_tests"][-1] if report["self_tests"] else {}

    deadline = time.monotonic() + 20
    while "received" not in (found := await reached()).get("people", {}).values():
        assert time.monotonic() < deadline, f"the gateway does not know that the phone has it: {found}"
    assert found["accepted_at"] is not None
    (person,) = [item for item in (await ask(demo, "get_readiness"))["people"] if item["name"] == ZHANG]
    assert person["verdict"] == "ready"
    assert [item["proven_by"] for item in person["phones"]] == ["self_test:received"]
    assert not [item for item in demo.phone.screen.values() if item.asks]
