"""Names that more than one module uses."""

from typing import Final

DOMAIN: Final = "community_help"
DEFAULT_PORT: Final = 8125

CONF_CREATE_AREAS: Final = "create_areas"
CONF_INSTALL_BLUEPRINTS: Final = "install_blueprints"
CONF_CODE: Final = "code"
CONF_PHONES: Final = "phones"
CONF_TIER: Final = "tier"
CONF_COMPOUNDS: Final = "compounds"
CONF_PERSON: Final = "person"
CONF_CHANNELS: Final = "channels"
CONF_SCHEDULES: Final = "schedules"
CONF_AWAY: Final = "away"
CONF_PEOPLE: Final = "people"
CONF_RUNBOOKS: Final = "runbooks"
CONF_DETAIL: Final = "detail"
CONF_ENTITY: Final = "entity"
CONF_KIND: Final = "kind"
CONF_COMPOUND: Final = "compound"
CONF_BUILDING: Final = "building"
CONF_FLOOR: Final = "floor"
CONF_FLAT: Final = "flat"
CONF_STATION: Final = "station"
SUBENTRY_STAFF: Final = "staff"
SUBENTRY_DUTY_PHONE: Final = "duty_phone"
SUBENTRY_ADOPTED: Final = "adopted"

ATTR_PAGE_ID: Final = "page_id"
ATTR_INCIDENT_ID: Final = "incident_id"
ATTR_CRITICAL: Final = "critical"
ATTR_CAUSE: Final = "cause"
ATTR_NOTE: Final = "note"
ATTR_TO: Final = "to"
ATTR_MINUTES: Final = "minutes"
ATTR_HOURS: Final = "hours"
ATTR_REASON: Final = "reason"
ATTR_MEMBER: Final = "member"
ATTR_UNTIL: Final = "until"
ATTR_BY: Final = "by"

UNIDENTIFIED: Final = "unidentified"
"""The gateway's error key for a decision by nobody who is known."""

SIGNAL_PAGE: Final = "community_help_page"
"""Dispatched with (coordinator, page) when staff are to be paged."""

SIGNAL_INCIDENT: Final = "community_help_incident"
"""Dispatched with (coordinator, event) for every incident event, at once: for what may end on a phone."""

SIGNAL_HAPPENED: Final = "community_help_happened"
"""The same once the phones' messages have left: for what is shown in Home Assistant."""

SIGNAL_DUTY: Final = "community_help_duty"
"""Dispatched with (entry id) when a roster was resolved anew and differs, and when a shift begins or ends."""

SIGNAL_PROOF: Final = "community_help_proof"
"""Dispatched with (entry id, device id, receipt step, time) when a phone proved something: received, seen or acted.

A fifth argument may say why the phone was told something; without it, it was a page.
"""

GRACE_SECONDS: Final = 3.0
"""How long an automation has to answer a page before it goes out with the default words (project's choice)."""

STORES: Final = (
    "answers",
    "cabinets",
    "confirmations",
    "cursor",
    "duty",
    "picture",
    "presses",
    "proofs",
    "self_test",
    "told",
)
"""What one config entry keeps on disk."""
