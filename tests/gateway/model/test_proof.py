"""When nobody's phone shows a page, the next tier is told sooner; nothing makes a wait longer."""

from collections.abc import Callable

import pytest

from community_help_gateway.model import lifecycle, people
from community_help_gateway.model.incident import DeadlineKind, ReceiptStep
from community_help_gateway.model.state import EventKind, Receipt
from tests.gateway.model.world import START, ZHANG, World


def prove(world: World, step: ReceiptStep, phone: str = "", person: str = "", page: str = "") -> None:
    """A receipt about a page, by default the one there is."""
    world.decide(people.receive, Receipt(page or world.page.id, step, world.now, phone, person))


def left(world: World) -> float:
    """How long the tier still has; page and wait say the same."""
    (wait,) = world.waits(DeadlineKind.ANSWER)
    assert world.page.answer_by == wait.due_at
    return wait.due_at - world.now


@pytest.mark.parametrize("step", [ReceiptStep.UNPROVEN, ReceiptStep.FAILED])
@pytest.mark.parametrize(("after", "told_at"), [(5.0, 35.0), (20.0, 50.0), (30.0, 60.0), (45.0, 60.0), (59.0, 60.0)])
def test_a_page_without_proof_goes_to_the_next_tier_sooner(
    world: World, step: ReceiptStep, after: float, told_at: float
) -> None:
    """30 s after it is known that nobody has it, or at its own time where that is earlier; one tier, not two."""
    world.say("f201")
    world.pass_(after)
    prove(world, step)
    assert left(world) == told_at - after
    world.pass_(told_at - after - 0.1)
    assert len(world.paged()) == 1
    world.pass_(0.2)
    assert world.paged()[1:] == [("escalated", 2, "li")]
    assert left(world) == pytest.approx(119.9)


def test_it_is_written_down_with_the_page_as_it_is_now(world: World) -> None:
    """Once, however often it is said; clients are told the new time."""
    world.say("f201")
    for seconds in (5, 10, 10):
        world.pass_(seconds)
        prove(world, ReceiptStep.UNPROVEN)
    (event,) = [event for event in world.events if event.kind is EventKind.UNPROVEN]
    assert event.page is not None
    assert event.incident == world.incident
    assert (event.page.answer_by, event.detail, event.at) == (START + 35, "30", START + 5)
    assert world.details(EventKind.RECEIPT) == ["", "", ""]


@pytest.mark.parametrize("step", [ReceiptStep.RECEIVED, ReceiptStep.SEEN, ReceiptStep.ACTED, ReceiptStep.ACCEPTED])
def test_a_late_proof_lengthens_nothing(world: World, step: ReceiptStep) -> None:
    """Who has seen it may still not answer."""
    world.say("f201")
    prove(world, ReceiptStep.UNPROVEN)
    prove(world, step, *(() if step is ReceiptStep.ACCEPTED else ("phone", "zhang")))
    assert left(world) == 30


@pytest.mark.parametrize(("phone", "person"), [("phone", ""), ("phone", "zhang"), ("", "zhang")])
@pytest.mark.parametrize("step", [ReceiptStep.UNPROVEN, ReceiptStep.FAILED])
def test_one_phone_or_person_alone_shortens_nothing(world: World, step: ReceiptStep, phone: str, person: str) -> None:
    """Others may have it."""
    world.say("f201")
    prove(world, step, phone, person)
    assert left(world) == 60


def test_every_tier_is_judged_by_itself(world: World) -> None:
    """A page that is settled shortens nothing of the next one; that one's own lack of proof does."""
    world.say("f201")
    first = world.page.id
    prove(world, ReceiptStep.UNPROVEN)
    world.pass_(31)
    prove(world, ReceiptStep.UNPROVEN, page=first)
    assert left(world) == 119
    prove(world, ReceiptStep.UNPROVEN)
    assert left(world) == 30
    assert world.incident.tier == 2


def test_an_answer_ends_the_wait_all_the_same(world: World) -> None:
    """Nobody is told any more, whatever was not proven."""
    world.say("f201")
    page = world.page.id
    prove(world, ReceiptStep.UNPROVEN)
    world.decide(lifecycle.handle, world.incident.id, ZHANG, "button")
    prove(world, ReceiptStep.UNPROVEN, page=page)
    world.pass_(1000)
    assert len(world.paged()) == 1
    assert not world.waits(DeadlineKind.ANSWER)


def test_the_gateways_own_channel_is_due_as_before(world: World) -> None:
    """A page that no channel of Home Assistant took is not accepted: it is overdue after its 10 s."""
    world.say("f201")
    prove(world, ReceiptStep.FAILED)
    world.pass_(11)
    assert world.kinds().count("overdue") == 1
    assert world.page.overdue


@pytest.mark.parametrize(("rule", "expected"), [("unproven: 12", 12), ("unproven: 0", 60), ("unproven: 600", 60)])
def test_the_policy_says_how_long(built: Callable[[str], World], rule: str, expected: float) -> None:
    """0 switches it off; a long one shortens nothing."""
    world = built(f"policies:\n  - {{ hazard: fire, {rule} }}\n")
    world.say("f201")
    prove(world, ReceiptStep.UNPROVEN)
    assert left(world) == expected


def test_what_is_told_once_waits_for_nobody(built: Callable[[str], World]) -> None:
    """Without repetitions there is no next tier to be told sooner."""
    world = built("policies:\n  - { hazard: fire, repeats: false }\n")
    world.say("f201")
    prove(world, ReceiptStep.UNPROVEN)
    assert world.page.answer_by == 0
    assert not world.waits(DeadlineKind.ANSWER)


def test_a_clock_that_was_set_back_makes_no_wait_longer(world: World) -> None:
    """Promise 14: at most 30 s are left, counted from now."""
    world.say("f201")
    world.now -= 86400
    prove(world, ReceiptStep.UNPROVEN)
    assert left(world) == 30
