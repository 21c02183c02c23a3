"""Every error that a person or a client may see: declared once, with key, text, HTTP status and exit code."""

from http import HTTPStatus
from typing import ClassVar


class GatewayError(Exception):
    """Base of all errors of the gateway. ``key`` names the error to other programs; the text is for people."""

    key: ClassVar[str] = "internal"
    template: ClassVar[str] = "Something unexpected happened"
    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR
    exit_code: ClassVar[int] = 70

    def __init__(self, **placeholders: str | int) -> None:
        """``placeholders`` fill the template."""
        self.placeholders = {name: str(value) for name, value in placeholders.items()}
        super().__init__(self.template.format(**self.placeholders))


class OptionsError(GatewayError):
    """A setting is wrong."""

    key = "options"
    template = "Setting {name}: {problem}"
    exit_code = 2


class SiteError(GatewayError):
    """The site file is wrong."""

    key = "site"
    template = "{file}, line {line}: {problem}"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    exit_code = 3


class JournalError(GatewayError):
    """The journal cannot be opened or written."""

    key = "journal"
    template = "Journal {file}: {problem}"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    exit_code = 4


class PortInUseError(GatewayError):
    """Another program listens on a port that the gateway needs."""

    key = "port_in_use"
    template = "Cannot listen on {host}:{port}: {problem}. Stop the other program or choose another port"
    exit_code = 5


class UnauthorizedError(GatewayError):
    """The token is missing or wrong."""

    key = "unauthorized"
    template = "The token is missing or wrong"
    status = HTTPStatus.UNAUTHORIZED


class PairingError(GatewayError):
    """The pairing code is wrong or no longer valid."""

    key = "pairing_code"
    template = "The pairing code is wrong or has expired; the gateway shows a fresh one at its start"
    status = HTTPStatus.FORBIDDEN


class TooManyAttemptsError(GatewayError):
    """Too many wrong pairing codes."""

    key = "too_many_attempts"
    template = "Too many wrong pairing codes; wait a minute"
    status = HTTPStatus.TOO_MANY_REQUESTS


class MalformedError(GatewayError):
    """A request or message cannot be read."""

    key = "malformed"
    template = "Cannot read the message: {problem}"
    status = HTTPStatus.BAD_REQUEST


class UnknownIncidentError(GatewayError):
    """No such incident, or it is closed."""

    key = "unknown_incident"
    template = "There is no open incident {incident}"
    status = HTTPStatus.NOT_FOUND


class UnknownPageError(GatewayError):
    """No such page."""

    key = "unknown_page"
    template = "There is no page {page}"
    status = HTTPStatus.NOT_FOUND


class UnidentifiedError(GatewayError):
    """Nobody in particular decided."""

    key = "unidentified"
    template = "Only an identified person can decide this; sign in, or use a phone that belongs to a person"
    status = HTTPStatus.FORBIDDEN


class UnknownPointError(GatewayError):
    """No such point."""

    key = "unknown_point"
    template = "There is no point {point}"
    status = HTTPStatus.NOT_FOUND


class UnknownCompoundError(GatewayError):
    """No such compound."""

    key = "unknown_compound"
    template = "There is no compound {compound}"
    status = HTTPStatus.NOT_FOUND


class NoDrillError(GatewayError):
    """No rehearsal runs there."""

    key = "no_drill"
    template = "No drill runs there; start one first"
    status = HTTPStatus.CONFLICT


class DrillNeedsError(GatewayError):
    """A rehearsal without a proper end."""

    key = "drill_needs"
    template = "A drill needs an end within 12 hours"
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class NoBypassError(GatewayError):
    """The point is not silenced."""

    key = "no_bypass"
    template = "Point {point} is not bypassed"
    status = HTTPStatus.CONFLICT


class BypassNeedsError(GatewayError):
    """A bypass without a reason or a proper end."""

    key = "bypass_needs"
    template = "A bypass needs a reason and an end within 31 days"
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class FutureRevisionError(GatewayError):
    """Somebody claims to have seen what has not happened yet."""

    key = "future_revision"
    template = "Incident {incident} has revision {revision} only"
    status = HTTPStatus.CONFLICT


class WorseSinceError(GatewayError):
    """Somebody ends what became worse after they looked."""

    key = "worse_since"
    template = "Incident {incident} became worse since then; look at it again before you close it"
    status = HTTPStatus.CONFLICT


class SelfTestError(GatewayError):
    """Somebody decides about a self-test, which asks nobody for anything."""

    key = "self_test"
    template = "Incident {incident} is a self-test; it ends by itself"
    status = HTTPStatus.CONFLICT


class SelfTestRunsError(GatewayError):
    """A second self-test at once."""

    key = "self_test_runs"
    template = "A self-test of {compound} runs already"
    status = HTTPStatus.CONFLICT


class NobodyServesError(GatewayError):
    """There is nobody to be paged by a self-test."""

    key = "nobody_serves"
    template = "Nobody of the staff is responsible for {compound}"
    status = HTTPStatus.CONFLICT


class NoDevicesError(GatewayError):
    """There is nothing that could alarm."""

    key = "no_devices"
    template = "Compound {compound} has no devices"
    status = HTTPStatus.CONFLICT


class NoPagerError(GatewayError):
    """No integration that knows self-tests delivers pages."""

    key = "no_pager"
    template = "No Home Assistant that knows self-tests pages for this gateway; connect one, or update its integration"
    status = HTTPStatus.CONFLICT


class LeaseHeldError(GatewayError):
    """Another integration pages."""

    key = "lease_held"
    template = "{name} pages the staff for this gateway"
    status = HTTPStatus.CONFLICT


class StaleFenceError(GatewayError):
    """The sender no longer holds the pager lease."""

    key = "stale_fence"
    template = "Another integration has taken over paging"
    status = HTTPStatus.CONFLICT


class NotWritableError(GatewayError):
    """The point cannot be switched."""

    key = "not_writable"
    template = "Point {point} cannot be switched"
    status = HTTPStatus.CONFLICT


class SwitchFailedError(GatewayError):
    """The device did not confirm the switching."""

    key = "switch_failed"
    template = "Point {point} was not switched: {problem}"
    status = HTTPStatus.BAD_GATEWAY


class LeakingError(GatewayError):
    """Water runs where it must not."""

    key = "leaking"
    template = "Water leaks there: {point} stays off until the leak is mended and its detector is dry"
    status = HTTPStatus.CONFLICT


class StationClosedError(GatewayError):
    """A session outside the opening hours."""

    key = "station_closed"
    template = "The station is closed now: {point} can be used when it is open"
    status = HTTPStatus.CONFLICT


class SessionRunsError(GatewayError):
    """A second session at once."""

    key = "session_runs"
    template = "A session of {point} runs already; it ends by itself"
    status = HTTPStatus.CONFLICT


class NoSessionError(GatewayError):
    """An appliance without sessions."""

    key = "no_session"
    template = "{point} has no sessions; write session: MINUTES to its device in the site file"
    status = HTTPStatus.CONFLICT


class NoFilterError(GatewayError):
    """A device without a filter."""

    key = "no_filter"
    template = "{point} has no filter; write filter: to its device in the site file"
    status = HTTPStatus.CONFLICT


class UnrecordedIncidentError(GatewayError):
    """The record does not hold that incident."""

    key = "unrecorded_incident"
    template = "The record holds no incident {incident}"
    status = HTTPStatus.NOT_FOUND


class NoSuchExportError(GatewayError):
    """An export in a form that there is not."""

    key = "no_such_export"
    template = "There is no export {name}; expected a name that ends in .json, .csv or .html"
    status = HTTPStatus.NOT_FOUND


class BadMonthError(GatewayError):
    """Something that is no month."""

    key = "bad_month"
    template = "Expected a month such as 2026-11, not {month}"
    status = HTTPStatus.BAD_REQUEST


class BadLanguageError(GatewayError):
    """A language that the gateway does not speak."""

    key = "bad_language"
    template = "Expected lang=en or lang=zh-Hans, not {language}"
    status = HTTPStatus.BAD_REQUEST


class BadHeadError(GatewayError):
    """Something that is no head of a chain."""

    key = "bad_head"
    template = "Expected number and hash of a head that was kept elsewhere, as in an export's foot"
    status = HTTPStatus.BAD_REQUEST


class UnknownNameError(GatewayError):
    """No name is kept for that person."""

    key = "unknown_name"
    template = "No name is kept for {person}"
    status = HTTPStatus.NOT_FOUND


class StillOnRosterError(GatewayError):
    """A name that is still needed for paging."""

    key = "still_on_roster"
    template = "{person} is in the roster and is paged by name; take them from the roster first"
    status = HTTPStatus.CONFLICT


REFUSALS: dict[str, type[GatewayError]] = {
    error.key: error
    for error in (
        UnknownIncidentError,
        UnknownPageError,
        UnknownPointError,
        UnknownCompoundError,
        UnidentifiedError,
        FutureRevisionError,
        WorseSinceError,
        SelfTestError,
        SelfTestRunsError,
        NobodyServesError,
        NoDevicesError,
        NoPagerError,
        LeaseHeldError,
        NoDrillError,
        DrillNeedsError,
        NoBypassError,
        BypassNeedsError,
        UnknownNameError,
        StillOnRosterError,
        LeakingError,
        StationClosedError,
        SessionRunsError,
        NoSessionError,
        NoFilterError,
    )
}
"""The refusals that a decision may name, by key."""
