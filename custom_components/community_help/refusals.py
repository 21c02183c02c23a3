"""Why a command was not carried out, in the language of the person who asked for it."""

from homeassistant.exceptions import HomeAssistantError

from .client import CannotConnectError, RefusedError
from .const import DOMAIN, UNIDENTIFIED

TRANSLATED = frozenset(
    {UNIDENTIFIED, "malformed", "leaking", "station_closed", "session_runs", "no_session", "no_filter"}
)
"""The gateway's error keys that have words here; the others carry the gateway's own."""


def told(error: RefusedError | CannotConnectError) -> HomeAssistantError:
    """The error as it is shown."""
    if isinstance(error, CannotConnectError):
        return HomeAssistantError(translation_domain=DOMAIN, translation_key="gateway_away")
    outcome = error.outcome
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key=outcome.code if outcome.code in TRANSLATED else "refused",
        translation_placeholders={"reason": outcome.message},
    )
