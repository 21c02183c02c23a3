"""The readiness board in words and numbers: for attributes, and for the action that asks for it."""

from typing import Any

from homeassistant.util.dt import utc_from_timestamp

from .readiness import Gap
from .readiness_board import PhoneState, ReadinessBoard
from .roster import DutyPhone, Member, duty_phones


def phone_report(state: PhoneState) -> dict[str, Any]:
    """One phone: ``None`` is unknown, because the person has not switched that sensor on in the app."""
    handset, last = state.handset, state.record.last if state.record else None
    return {
        "name": handset.name if handset else None,
        "verdict": state.verdict.value,
        "platform": handset.platform.value if handset else None,
        "channel": handset.channel if handset else "",
        "last_proof": utc_from_timestamp(last.at).isoformat() if last else None,
        "proven_by": f"{last.reason}:{last.step.value}" if last else None,
        "battery": handset.battery if handset else None,
        "charging": handset.charging if handset else None,
        "do_not_disturb": handset.quiet if handset else None,
        "app_version": handset.app_version if handset else None,
        "os_version": handset.os_version if handset else None,
    }


def person_report(board: ReadinessBoard, member: Member) -> dict[str, Any]:
    """One person with the own phones and channels."""
    return {
        "name": member.name,
        "tier": member.tier,
        "verdict": board.own(member).value,
        "phones": [phone_report(board.phones[phone]) for phone in member.phones if phone in board.phones],
        "channels": [{"entity_id": item, "open": board.channel_open(item)} for item in member.channels],
    }


def duty_phone_report(board: ReadinessBoard, item: DutyPhone) -> dict[str, Any]:
    """One phone that is handed on."""
    phones = [phone_report(board.phones[phone]) for phone in item.phones if phone in board.phones]
    return {"name": item.name, "phones": phones}


def gap_report(board: ReadinessBoard, gap: Gap) -> dict[str, Any]:
    """From when on nobody can be reached, who should be, and why not."""
    names = {member.id: member.name for member in board.staff()}
    return {
        "from": utc_from_timestamp(gap.at).isoformat(timespec="seconds"),
        "people": [names[person] for person in gap.people if person in names],
        "verdict": gap.verdict.value,
        "on_duty": gap.on_duty,
    }


def readiness_report(board: ReadinessBoard, compound: str = "") -> dict[str, Any]:
    """The board of one gateway, or what of it concerns one compound."""
    coordinator = board.coordinator
    compounds = [item for item in coordinator.compounds.values() if not compound or item.id == compound]
    staff = [member for member in board.staff() if member.serves(compound)]
    ids = {member.id for member in staff}
    shared = [item for item in duty_phones(coordinator.entry) if not item.people or ids.intersection(item.people)]
    found = {item.id: board.gaps(item.id) for item in compounds}
    return {
        "gateway": coordinator.entry.title,
        "known": board.known,
        "compounds": [
            {
                "id": item.id,
                "name": item.name,
                "reachable": None if (holes := found[item.id]) is None else not holes,
                "gaps": [gap_report(board, gap) for gap in holes or ()],
            }
            for item in compounds
        ],
        "people": [person_report(board, member) for member in staff],
        "duty_phones": [duty_phone_report(board, item) for item in shared],
    }
