"""Who may talk to the gateway: a bearer token, handed over once in exchange for a pairing code."""

import hmac
import secrets
from collections.abc import Callable
from pathlib import Path

from .. import durable
from ..errors import PairingError, TooManyAttemptsError

CODE_SECONDS = 3600.0
"""A pairing code is good for so long after it was shown (project's choice)."""

ATTEMPTS = 5
"""Wrong codes before the door stays shut for ``PAUSE_SECONDS`` (project's choice)."""

PAUSE_SECONDS = 60.0


def load_token(file: Path) -> str:
    """The gateway's token, made at the first start; the file is readable by its owner alone."""
    token = durable.read(file)
    if not token:
        token = secrets.token_urlsafe(32)
        durable.write(file, token)
    return token


class Pairing:
    """The code that the gateway shows. ``monotonic`` gives seconds; ``show`` puts a code before people's eyes."""

    def __init__(self, monotonic: Callable[[], float], show: Callable[[str], None]) -> None:
        """Show the first code."""
        self._monotonic = monotonic
        self._show = show
        self._wrong = 0
        self._shut_until = 0.0
        self._renew()

    def check(self, code: str) -> None:
        """Accept the right code once; raises PairingError or TooManyAttemptsError."""
        now = self._monotonic()
        if now < self._shut_until:
            raise TooManyAttemptsError
        given = "".join(filter(str.isdecimal, code))
        if now < self._good_until and hmac.compare_digest(given.encode(), self._code.encode()):
            self._wrong = 0
            self._renew()
            return
        self._wrong += 1
        if self._wrong >= ATTEMPTS:
            self._wrong, self._shut_until = 0, now + PAUSE_SECONDS
        if now >= self._good_until:
            self._renew()
        raise PairingError

    def _renew(self) -> None:
        self._code = f"{secrets.randbelow(10**8):08d}"
        self._good_until = self._monotonic() + CODE_SECONDS
        self._show(f"{self._code[:4]}-{self._code[4:]}")


def authorized(header: str | None, token: str) -> bool:
    """Whether an Authorization header carries the token; takes the same time for every wrong one."""
    return hmac.compare_digest((header or "").encode(), f"Bearer {token}".encode())
