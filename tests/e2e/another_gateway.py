"""Gateways of other versions: the same program, copied, with what another version would say and understand."""

import re
import shutil
from pathlib import Path

from .processes import ROOT, GatewayProcess

SINCE_VERSION_3 = ("self_test", "refusal", "set_adopted", "report_adopted", "start_session", "change_filter")
"""Commands that version 2 of the contract does not know (``tests/contract/golden-2.json`` and ``golden.json``)."""


def speaking(gateway: GatewayProcess, version: int, min_supported: int, without: tuple[str, ...] = ()) -> None:
    """From its next start on ``gateway`` is one of another contract version, which lacks some commands."""
    tree = gateway.data.parent / f"gateway-{version}"
    if not tree.exists():
        shutil.copytree(ROOT / "addon/src", tree, ignore=shutil.ignore_patterns("__pycache__"))
        contract = tree / "community_help_gateway/contract"
        _replace(contract / "messages.py", r"(?m)^VERSION = \d+$", f"VERSION = {version}")
        _replace(contract / "messages.py", r"(?m)^MIN_SUPPORTED = \d+$", f"MIN_SUPPORTED = {min_supported}")
        for name in without:
            _replace(contract / "commands.py", rf'(?m)^    "{name}": \w+,\n', "")
    usual(gateway)
    gateway.arguments = ["env", f"PYTHONPATH={tree}", *gateway.arguments]


def usual(gateway: GatewayProcess) -> None:
    """From its next start on ``gateway`` is the one that belongs to this integration."""
    if gateway.arguments[0] == "env":
        gateway.arguments = gateway.arguments[2:]


def _replace(file: Path, pattern: str, text: str) -> None:
    """What is to be replaced must be there, exactly once."""
    changed, count = re.subn(pattern, text, file.read_text("utf-8"))
    if count != 1:
        message = f"{file}: {pattern} is there {count} times"
        raise LookupError(message)
    file.write_text(changed, "utf-8")
