"""The demo: gateway, field, Home Assistant and a phone, all real but the field and the phone; shows an alarm happening.

python -m tests.e2e.develop            keeps running until Ctrl-C
python -m tests.e2e.develop --check    unattended; prints how long each step took; exit code 0 or 1
"""

import argparse
import asyncio
import json
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from .companion_app import CompanionApp, Notification
from .home_assistant import PASSWORD, USERNAME, HomeAssistant
from .processes import ROOT, FieldProcess, GatewayProcess, free_port

FOLDER = ROOT / ".work/develop"
PORTS = {"api_port": 8125, "gb_port": 5200}
HOME_ASSISTANT_PORT = 8123
MODBUS_PORT = 5502
FLAT = 203


@dataclass(slots=True)
class Demo:
    """Everything that runs. ``prepared``: with the blueprints, and an automation that answers pages."""

    folder: Path
    gateway: GatewayProcess
    field: FieldProcess
    hass: HomeAssistant
    phone: CompanionApp
    prepared: bool = True

    @classmethod
    def at(cls, folder: Path, *, fixed_ports: bool, language: str = "en", prepared: bool = True) -> Demo:
        """A demo in ``folder``; with fixed ports its addresses are the well-known ones."""
        folder.mkdir(parents=True, exist_ok=True)
        site, remembered = folder / "site.yaml", folder / "ports.json"
        if not remembered.exists():
            chosen = {"api_port": free_port(), "gb_port": free_port()}
            remembered.write_text(json.dumps(PORTS if fixed_ports else chosen))
        gateway = GatewayProcess(folder, site, **json.loads(remembered.read_text()))
        field = FieldProcess(folder, gateway.gb_port, site, MODBUS_PORT if fixed_ports else 0)
        port = HOME_ASSISTANT_PORT if fixed_ports else 0
        hass = HomeAssistant(folder, port=port, language=language, blueprints=prepared)
        return cls(folder, gateway, field, hass, CompanionApp(hass, "Zhang", folder), prepared)

    async def start(self) -> float:
        """Start everything and set up what is not there yet; returns the seconds that Home Assistant needed."""
        await self.field.listening()
        self.gateway.start()
        await self.gateway.ready()
        await self.field.reported()
        took = await self.hass.started()
        await self.phone.register()
        await self.phone.connect()
        entries = await self.hass.get("/api/config/config_entries/entry?domain=community_help")
        if not entries:
            entry_id = await self.hass.add_gateway(
                self.gateway.api_port, self.gateway.pairing_code, blueprints=self.prepared
            )
            await self.hass.add_staff(entry_id, "张三 Zhang San", [await self.phone.device_id()])
            if self.prepared:
                await self.answer_pages()
        return took

    async def answer_pages(self) -> None:
        """Make an automation from the blueprint, as a user does."""
        await self.hass.add_automation("community_help_alarm", "alarm_to_staff", {})
        await self.hass.until("automation.community_help_alarm", "on")

    async def stop(self) -> None:
        """Stop everything."""
        await self.phone.disconnect()
        await self.hass.closed()
        await self.gateway.stop()
        self.field.kill()

    async def smoke_entity(self, flat: int) -> str:
        """The smoke entity of a flat."""
        return await self.entity_of(f"b1-{flat}", "smoke")

    async def entity_of(self, device: str, key: str) -> str:
        """The entity of a demo device by its unique id's end."""
        socket = await self.hass.socket()
        entities = await socket.call("config/entity_registry/list")
        await socket.close()
        found = [item["entity_id"] for item in entities if item["unique_id"].endswith(f"_{device}_{key}")]
        if not found:
            message = f"there is no entity {device} {key} among {len(entities)}"
            raise LookupError(message)
        return str(found[0])


async def alarm(demo: Demo, flat: int) -> dict[str, float]:
    """Let a flat's smoke alarm go off, acknowledge on the phone; returns seconds after the frame was sent."""
    entity = await demo.smoke_entity(flat)
    changes: dict[str, float] = {}
    socket = await demo.hass.socket()

    def changed(event: dict[str, object]) -> None:
        for added in (event.get("c") or {}).values() if isinstance(event.get("c"), dict) else ():
            if added.get("+", {}).get("s") == "on":
                changes["entity"] = time.time()

    await socket.subscribe(changed, "subscribe_entities", entity_ids=[entity])
    known = set(map(id, demo.phone.screen.values()))
    sent, confirmed = map(float, (await demo.field.command(f"fire {flat}")).split())

    def is_page(shown: Notification) -> bool:
        return id(shown) not in known and shown.asks

    page = await demo.phone.until(is_page, what="page")
    await demo.hass.until(entity, "on")
    print(page, flush=True)
    pressed = time.time()
    await demo.phone.press(page)
    taken = await demo.phone.until(lambda shown: shown.tag == page.tag and not shown.asks, what="'taken' update")
    print(taken, flush=True)
    await demo.field.command(f"restore {flat}")
    await demo.hass.until(entity, "off")
    await demo.hass.post(
        "/api/services/community_help/close",
        {"incident_id": page.tag.removeprefix("community_help_"), "cause": "drill", "note": "demo"},
    )
    await socket.close()
    return {
        "frame confirmed": confirmed - sent,
        "entity on": changes["entity"] - sent,
        "page on the phone": page.shown_at - sent,
        "press -> taken": taken.shown_at - pressed,
    }


async def check(demo: Demo) -> int:
    """Run one alarm unattended."""
    begin = time.monotonic()
    try:
        took = await demo.start()
        print(f"Home Assistant ran after {took:.1f} s, everything after {time.monotonic() - begin:.1f} s", flush=True)
        await demo.hass.until(await demo.smoke_entity(FLAT), "off", 30)
        times = await alarm(demo, FLAT)
    except (TimeoutError, RuntimeError, LookupError, OSError) as error:
        print(f"FAILED: {error}\nThe gateway's log ends:\n{demo.gateway.tail()}", file=sys.stderr)
        return 1
    finally:
        await demo.stop()
    for step, seconds in times.items():
        print(f"  {step:20} {seconds * 1000:8.1f} ms")
    print("OK")
    return 0


async def show(demo: Demo) -> int:
    """Start, show one alarm, and keep running."""
    try:
        await demo.start()
        print(f"\nHome Assistant: {demo.hass.url}   account: {USERNAME}   password: {PASSWORD}")
        print(f"An alarm in flat {FLAT}; this is what the phone shows:\n")
        await demo.hass.until(await demo.smoke_entity(FLAT), "off", 30)
        await alarm(demo, FLAT)
        words = "fire 304 · restore 304 · call on · gas h2s 12 · lane on · leak on · cabinet on · people 3 · relay 2"
        print(f"\nYour turn. Type: {words}      (Ctrl-C ends)\n")
        shown = len(demo.phone.history)
        reader = asyncio.create_task(asyncio.to_thread(sys.stdin.readline))
        while True:
            for notification in demo.phone.history[shown:]:
                print(notification, flush=True)
            shown = len(demo.phone.history)
            if reader.done():
                if line := reader.result().strip():
                    print(await demo.field.command(line))
                elif not reader.result():
                    await asyncio.Event().wait()
                reader = asyncio.create_task(asyncio.to_thread(sys.stdin.readline))
            await asyncio.sleep(0.2)
    finally:
        await demo.stop()


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="unattended: one alarm, then exit 0 or 1")
    parser.add_argument("--fresh", action="store_true", help="forget the demo's earlier state")
    parser.add_argument("--language", default="en", choices=["en", "zh-Hans"])
    given = parser.parse_args()
    folder = FOLDER / ("check" if given.check else "demo")
    if given.fresh:
        shutil.rmtree(folder, ignore_errors=True)
    demo = Demo.at(folder, fixed_ports=not given.check, language=given.language)
    try:
        return asyncio.run(check(demo) if given.check else show(demo))
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
