"""Named points at which a process can be made to kill itself, so that tests prove what a power cut leaves behind.

With ``COMMUNITY_HELP_CRASH=journal.before_commit:3`` in the environment the process gets SIGKILL when it reaches
that point for the third time. Without the variable, which is read once at the import, a point does nothing.
"""

import os
import signal
import threading
import time
from collections.abc import Callable

VARIABLE = "COMMUNITY_HELP_CRASH"
"""The environment variable: a point's name, a colon, and at which count of it the process ends."""

POINTS = (
    "aside.before_fill",
    "aside.before_rename",
    "aside.after_rename",
    "aside.after",
    "gb26875.before_confirm",
    "gb26875.after_confirm",
    "hub.before_submit",
    "hub.before_show",
    "hub.after_show",
    "journal.before_begin",
    "journal.after_begin",
    "journal.after_rows",
    "journal.before_commit",
    "journal.after_commit",
    "migration.before",
    "migration.inside",
    "migration.after",
    "modbus.before_write",
    "modbus.after_write",
    "modbus.after_check",
    "retention.before",
    "retention.inside",
    "retention.after",
)
"""Every point that there is."""


GRACE_SECONDS = 0.02
"""Before a thread beside the loop ends the process, the loop goes on for so long: what is told too early is told."""


def _pass(_point: str) -> None:
    """Nothing: what a point does outside tests."""


def _fuse(wanted: str) -> Callable[[str], None]:
    """What a point does when ``wanted`` ("NAME:COUNT") is to be the end; raises ValueError for another text."""
    name, _, text = wanted.partition(":")
    if name not in POINTS or not text.isdecimal() or int(text) < 1:
        message = f"{VARIABLE}={wanted}: expected one of {', '.join(POINTS)}, a colon and a count from 1"
        raise ValueError(message)
    left = int(text)
    lock = threading.Lock()

    def burn(point: str) -> None:
        nonlocal left
        if point not in POINTS:
            message = f"The crash point {point} is not in POINTS"
            raise ValueError(message)
        if point != name:
            return
        with lock:
            left -= 1
            if not left:
                if threading.current_thread() is not threading.main_thread():
                    time.sleep(GRACE_SECONDS)
                os.kill(os.getpid(), signal.SIGKILL)
                signal.pause()  # another thread may get the signal: nothing happens after this point

    return burn


reach: Callable[[str], None] = _fuse(os.environ[VARIABLE]) if VARIABLE in os.environ else _pass
"""Say that a point of ``POINTS`` is reached; it may be the end of the process."""
