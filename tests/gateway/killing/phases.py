"""What a gateway goes through while it is killed, and which crash points it passes on the way."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from community_help_gateway.contract.commands import (
    Acknowledge,
    AddNote,
    Ask,
    ClaimLease,
    Close,
    EndBypass,
    EndDrill,
    Handle,
    HandOver,
    Inject,
    RecordReceipt,
    RecordRefusal,
    Resolve,
    SetBypass,
    StartDrill,
    StartSelfTest,
)
from community_help_gateway.contract.values import Cause, Page, Person, ReceiptStep, Way
from tests.gateway.killing.adopting import adopting, removing
from tests.gateway.killing.beginnings import again, ringing
from tests.gateway.killing.outside import Outside
from tests.gateway.killing.station import leaking, not_followed, running, serving, sleeping_in, tended
from tests.gateway.killing.town import STAFF

type Act = Callable[[Outside], Awaitable[None]]

ZHANG, LI, WANG = (Person(name, name) for name in STAFF)
BUTTON = Way.BUTTON

HUB = frozenset({"hub.before_submit", "hub.before_show", "hub.after_show"})
JOURNAL = frozenset(
    f"journal.{name}" for name in ("before_begin", "after_begin", "after_rows", "before_commit", "after_commit")
)
WIRE = frozenset({"gb26875.before_confirm", "gb26875.after_confirm"})
MIGRATION = frozenset(f"migration.{name}" for name in ("before", "inside", "after"))
RETENTION = frozenset(f"retention.{name}" for name in ("before", "inside", "after"))
SWITCHING = frozenset(f"modbus.{name}" for name in ("before_write", "after_write", "after_check"))
ASIDE = frozenset(f"aside.{name}" for name in ("before_fill", "before_rename", "after_rename", "after"))


@dataclass(frozen=True, slots=True)
class Phase:
    """``before`` is how it came so far, ``act`` is what goes on while it is killed, ``points`` are those passed.

    ``file``: what happens to the journal between: nothing, "v1" (the captured one takes its place), "newer" (it was
    written by a later version). ``asleep``: seconds that pass while no gateway runs. ``room``: there is a station.
    """

    name: str
    before: Act
    act: Act
    points: frozenset[str]
    file: str = ""
    asleep: float = 1.0
    room: bool = False


async def taken(outside: Outside) -> None:
    """Li has taken what burns in the first building."""
    await ringing(outside)
    await acknowledge(outside, 0, LI)


async def nothing(_outside: Outside) -> None:
    """Only start."""


async def waking(outside: Outside) -> None:
    """What fell due while nobody was there."""
    await outside.control("pass 0")


async def raising(outside: Outside) -> None:
    """Alarms one by one, side by side, repeated, restored and raised again."""
    await again(outside)
    await outside.fire(2)
    await outside.fire(3, 4, 5, 49, 72)
    await outside.again(2, 49)
    await outside.restore(2)
    await outside.fire(2)


async def paging(outside: Outside) -> None:
    """A page is demanded, taken over, and goes to another Home Assistant by a person's word."""
    await again(outside)
    await outside.fire(72)
    await outside.paged(4)
    await receipt(outside, await page_of(outside, 72), ReceiptStep.ACCEPTED)
    outside.fence = int((await outside.command(ClaimLease("two", "Other", force=True)))["fence"])
    await receipt(outside, await page_of(outside, 24), ReceiptStep.ACCEPTED)


async def receipts(outside: Outside) -> None:
    """Proofs from each phone about one page."""
    await again(outside)
    page = await page_of(outside, 0)
    await receipt(outside, page, ReceiptStep.ACCEPTED)
    for phone in ("p1", "p2"):
        for step in (ReceiptStep.HANDED_OVER, ReceiptStep.RECEIVED, ReceiptStep.SEEN):
            await receipt(outside, page, step, phone)
    await receipt(outside, await page_of(outside, 48), ReceiptStep.FAILED, "p3")


async def unproven(outside: Outside) -> None:
    """No phone has shown two pages: they go on sooner; somebody may not close an incident, another one does."""
    await again(outside)
    for number, step in ((24, ReceiptStep.UNPROVEN), (48, ReceiptStep.FAILED)):
        page = await page_of(outside, number)
        await receipt(outside, page, step)
        await outside._until(lambda told=page: outside.ledger.pages[told.id].answer_by < told.answer_by)  # type: ignore[misc]
    incident, now = outside.incident_of(0), outside.clock.wall()
    await outside.command(RecordRefusal("close", WANG, BUTTON, now, incident.id))
    await outside.command(Close(incident.id, Cause.COOKING, ZHANG, BUTTON, now, revision=incident.revision))
    await outside.control("pass 30")
    await outside.shown("escalated", 2)


async def testing_itself(outside: Outside) -> None:
    """A self-test by hand that ends by itself, and the night's own of two compounds, one of them taken over."""
    await again(outside)
    await outside.command(StartSelfTest("c0", WANG))
    await receipt(outside, await self_test_of(outside, "c0"), ReceiptStep.ACCEPTED)
    await outside.control("pass 600")
    await outside.shown("closed")
    await outside.control(f"pass {NIGHT_SECONDS}")
    await receipt(outside, await self_test_of(outside, "c1"), ReceiptStep.ACCEPTED)
    await outside.fire(3)
    await outside.control("pass 600")


async def escalating(outside: Outside) -> None:
    """Nobody answers: the second tier, the third, and the third again."""
    await again(outside)
    for seconds, kind, count in ((60, "escalated", 2), (120, "escalated", 5), (120, "", 0)):
        await outside.control(f"pass {seconds}")
        if kind:
            await outside.shown(kind, count)
    await outside._until(lambda: any(page.reason == "repeated" for page in outside.ledger.pages.values()))


async def acknowledging(outside: Outside) -> None:
    """People take incidents; one becomes worse afterwards and pages anew."""
    await again(outside)
    await acknowledge(outside, 24, ZHANG)
    await acknowledge(outside, 48, LI)
    await outside.fire(30)
    await outside.control("pass 30")
    await outside._until(lambda: any(page.reason == "worse" for page in outside.ledger.pages.values()))
    await acknowledge(outside, 30, ZHANG)


async def handing_over(outside: Outside) -> None:
    """The owner goes there, writes, hands over, and the new one wants help."""
    await again(outside)
    incident, now = outside.incident_of(0).id, outside.clock.wall()
    await outside.command(Handle(incident, LI, BUTTON, now))
    await outside.command(AddNote(incident, "kitchen", LI, BUTTON, now))
    await outside.command(HandOver(incident, ZHANG, LI, BUTTON, now))
    await outside.command(Ask(incident, ZHANG, BUTTON, now))


async def closing(outside: Outside) -> None:
    """Resolved and closed; one while its alarm is live, so that it raises again."""
    await again(outside)
    await outside.restore(0, 1)
    incident, now = outside.incident_of(0).id, outside.clock.wall()
    await outside.command(Resolve(incident, LI, BUTTON, now))
    await outside.command(Close(incident, Cause.COOKING, LI, BUTTON, now, "soup"))
    await outside.command(Close(outside.incident_of(24).id, Cause.DUST, ZHANG, BUTTON, now))
    await outside.control("pass 1800")
    await outside.shown("raised")


async def rehearsing(outside: Outside) -> None:
    """A drill with an injected alarm and one of a named point that is still in alarm when it ends."""
    await again(outside)
    await outside.command(StartDrill("c0", 600.0, WANG, (outside.town.home(40).point,)))
    await outside.command(Inject(outside.town.home(41).point, WANG))
    await outside.fire(40)
    await outside.command(EndDrill("c0", WANG))


async def bypassing(outside: Outside) -> None:
    """A silenced point alarms, and raises when its silence ends: by a person, and by itself."""
    await again(outside)
    for number in (73, 74):
        await outside.command(SetBypass(outside.town.home(number).point, 900.0, "paint", WANG))
    await outside.fire(73)
    await outside.command(EndBypass(outside.town.home(73).point, WANG))
    await outside.command(SetBypass(outside.town.home(50).point, 900.0, "paint", WANG))
    await outside.control("pass 900")


async def falling_back(outside: Outside) -> None:
    """Home Assistant accepts nothing: the gateway's own channel gets the pages, and receipts are kept."""
    await again(outside)
    await outside.control("pass 10")
    await outside.overdue()
    await outside.noticed(3)
    await outside.control("pass 1")


async def restoring(outside: Outside) -> None:
    """Alarms end and begin anew, one of them again and again."""
    await again(outside)
    for _ in range(3):
        await outside.restore(0, 24)
        await outside.fire(0, 24)


async def migrating(outside: Outside) -> None:
    """A journal of version 1 goes on."""
    await again(outside)
    await outside.fire(0)


async def retaining(outside: Outside) -> None:
    """What is old goes, the commands too, while alarms come."""
    old = outside.ledger.shown_to
    await again(outside)
    outside.ledger.commands.clear()
    outside.ledger.answered.clear()
    await outside.control(f"retain {old}")
    await outside.fire(6)
    await outside.control(f"retain {old}")


async def acknowledge(outside: Outside, number: int, person: Person) -> None:
    """Somebody takes the incident of an alarm's building as it stands."""
    incident = outside.incident_of(number)
    body = Acknowledge(incident.id, incident.revision, person, BUTTON, outside.clock.wall())
    await outside.command(body)


async def page_of(outside: Outside, number: int) -> Page:
    """The unsettled page of the incident of an alarm's building."""
    incident = outside.incident_of(number).id
    return next(page for page in await outside.paged() if page.incident.id == incident)


async def self_test_of(outside: Outside, compound: str) -> Page:
    """The unsettled page of a compound's self-test."""

    def found() -> list[Page]:
        told = outside.ledger.pages.values()
        return [
            page
            for page in told
            if (page.reason, page.incident.compound, page.settled) == ("self_test", compound, False)
        ]

    await outside._until(lambda: bool(found()))
    return found()[0]


NIGHT_SECONDS = 17 * 3600 + 47 * 60
"""From the end of the first self-test until somewhat after 03:30 in China."""


async def receipt(outside: Outside, page: Page, step: ReceiptStep, phone: str = "") -> None:
    """A proof from Home Assistant."""
    await outside.command(RecordReceipt(page.id, step, outside.clock.wall(), phone, "zhang" if phone else ""))


COMMON = HUB | JOURNAL
PHASES = {
    phase.name: phase
    for phase in (
        Phase("start", taken, waking, COMMON, asleep=200.0),
        Phase("first start", nothing, again, COMMON | MIGRATION | WIRE, file="none"),
        Phase("raise", ringing, raising, COMMON | WIRE),
        Phase("page", ringing, paging, COMMON | WIRE),
        Phase("receipt", ringing, receipts, COMMON | WIRE),
        Phase("unproven", ringing, unproven, COMMON | WIRE),
        Phase("self-test", ringing, testing_itself, COMMON | WIRE),
        Phase("escalate", ringing, escalating, COMMON | WIRE),
        Phase("acknowledge", ringing, acknowledging, COMMON | WIRE),
        Phase("hand over", taken, handing_over, COMMON | WIRE),
        Phase("close", taken, closing, COMMON | WIRE),
        Phase("restore", taken, restoring, COMMON | WIRE),
        Phase("drill", ringing, rehearsing, COMMON | WIRE),
        Phase("bypass", ringing, bypassing, COMMON | WIRE),
        Phase("fallback", ringing, falling_back, COMMON | WIRE),
        Phase("adopt", ringing, adopting, COMMON | WIRE),
        Phase("remove adopted", ringing, removing, COMMON | WIRE),
        Phase("session", tended, serving, COMMON | WIRE | SWITCHING, room=True),
        Phase("not followed", tended, not_followed, COMMON | WIRE | SWITCHING, room=True),
        Phase("overslept", running, sleeping_in, COMMON | WIRE | SWITCHING, asleep=400.0, room=True),
        Phase("leak", running, leaking, COMMON | WIRE | SWITCHING, room=True),
        Phase("migrate", nothing, migrating, COMMON | WIRE | MIGRATION, file="v1"),
        Phase("retention", taken, retaining, COMMON | WIRE | RETENTION),
        Phase("set aside", taken, again, COMMON | WIRE | MIGRATION | ASIDE, file="newer"),
    )
}
"""Every phase by its name. A new crash point that no phase passes fails a test."""
