"""Settings: command line, or the options that Home Assistant's Supervisor wrote. Both end in one frozen value."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import voluptuous as vol

from .errors import OptionsError

API_PORT = 8125
GB26875_PORT = 5200
"""GB/T 26875.3 names no port; 5200 is one of those in common use."""

LOG_LEVELS = ("debug", "info", "warning", "error")
_SUPERVISOR = vol.Schema(
    {
        vol.Optional("site_file", default="site.yaml"): vol.All(str, vol.Length(min=1, max=200)),
        vol.Optional("name", default=""): vol.All(str, vol.Length(max=100)),
        vol.Optional("log_level", default="info"): vol.In(LOG_LEVELS),
    }
)


@dataclass(frozen=True)
class Options:
    """How this gateway runs."""

    data: Path
    site: Path
    host: str = "0.0.0.0"  # noqa: S104 - field devices and Home Assistant are other machines
    api_port: int = API_PORT
    gb26875_port: int = GB26875_PORT
    name: str = "Community Help"
    zeroconf: bool = False
    pairing: bool = False
    supervisor: bool = False
    log_level: str = "info"


def from_arguments(arguments: Sequence[str]) -> Options:
    """Read the command line; ends the process with code 2 and a usage text when it is wrong."""
    parser = argparse.ArgumentParser(prog="community-help-gateway", description=__doc__)
    parser.add_argument(
        "--supervisor", action="store_true", help="run as a Home Assistant app; read /data/options.json"
    )
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder of the journal and the token")
    parser.add_argument("--site", type=Path, default=Path("site.yaml"), help="the site file")
    parser.add_argument("--host", default=Options.host, help="address to listen on")
    parser.add_argument("--api-port", type=_port, default=API_PORT)
    parser.add_argument("--gb26875-port", type=_port, default=GB26875_PORT)
    parser.add_argument("--name", default=Options.name, help="how Home Assistant calls this gateway")
    parser.add_argument("--zeroconf", action="store_true", help="announce the gateway in the local network")
    parser.add_argument("--pairing", action="store_true", help="show a pairing code")
    parser.add_argument("--log-level", choices=LOG_LEVELS, default=Options.log_level)
    given = parser.parse_args(arguments)
    if given.supervisor:
        return from_supervisor(Path("/data"), Path("/config"))
    return Options(**vars(given))


def from_supervisor(data: Path, config: Path) -> Options:
    """Read ``options.json`` in ``data``; raises OptionsError, which names the option."""
    file = data / "options.json"
    try:
        given: dict[str, Any] = _SUPERVISOR(json.loads(file.read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise OptionsError(name=file.name, problem=f"cannot be read: {error}") from error
    except vol.MultipleInvalid as error:
        raise OptionsError(name=".".join(map(str, error.path)), problem=error.msg) from error
    site = (config / given["site_file"]).resolve()
    if not site.is_relative_to(config.resolve()):
        raise OptionsError(name="site_file", problem="expected a file in the app's own configuration folder")
    return Options(
        data=data, site=site, name=given["name"] or Options.name, supervisor=True, log_level=given["log_level"]
    )


def _port(text: str) -> int:
    port = int(text)
    if not 1 <= port <= 65535:
        raise argparse.ArgumentTypeError
    return port
