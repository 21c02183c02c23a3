"""The 6-byte time label: second, minute, hour, day, month, year - 2000 (GB/T 26875.3-2011, 8.2.2).

The standard's encoding is binary; some vendors write BCD. The label carries no zone: devices run on Chinese
local time, UTC+8, without daylight saving (the field's custom, not the standard's words).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))
TRUSTED_SECONDS = 366 * 86400.0
"""A device clock that is further off than this cannot be believed (project's choice; real ones are off by years)."""


@dataclass(frozen=True, slots=True)
class Reading:
    """``at`` is epoch seconds, ``None`` when the clock cannot be believed; ``bcd`` is the dialect once it is known."""

    at: float | None
    bcd: bool | None


def encode(at: float, *, bcd: bool = False) -> bytes:
    """The label for epoch seconds ``at``."""
    local = datetime.fromtimestamp(at, UTC).astimezone(CHINA)
    parts = (local.second, local.minute, local.hour, local.day, local.month, local.year - 2000)
    return bytes((part // 10 << 4 | part % 10) if bcd else part for part in parts)


def read(label: bytes, received_at: float, *, bcd: bool | None = None) -> Reading:
    """Read a label. ``bcd`` is what was learnt of the device before; ``None`` tries both.

    A byte that BCD cannot hold proves binary. Where both readings are possible, the one nearer to the time of
    receipt counts; where both are more than a year off, neither is believed.
    """
    if any(byte >> 4 > 9 or byte & 0x0F > 9 for byte in label):
        return Reading(_trusted(_plain(label), received_at), bcd=False)
    if bcd is not None:
        return Reading(_trusted(_bcd(label) if bcd else _plain(label), received_at), bcd)
    candidates = [(at, kind) for at, kind in ((_plain(label), False), (_bcd(label), True)) if at is not None]
    if not candidates:
        return Reading(None, None)
    at, kind = min(candidates, key=lambda item: abs(item[0] - received_at))
    believed = _trusted(at, received_at)
    return Reading(believed, None if believed is None else kind)


def _trusted(at: float | None, received_at: float) -> float | None:
    return at if at is not None and abs(at - received_at) <= TRUSTED_SECONDS else None


def _bcd(label: bytes) -> float | None:
    return _plain(bytes((byte >> 4) * 10 + (byte & 0x0F) for byte in label))


def _plain(label: bytes) -> float | None:
    second, minute, hour, day, month, year = label
    try:
        return datetime(2000 + year, month, day, hour, minute, second, tzinfo=CHINA).timestamp()
    except ValueError:
        return None
