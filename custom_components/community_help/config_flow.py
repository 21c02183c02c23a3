"""Setting a gateway up: by hand, found in the network, or offered by the Supervisor."""

import logging
from collections.abc import Mapping
from typing import Any

import probatio as vol
from homeassistant.config_entries import ConfigEntry, ConfigFlowResult, ConfigSubentryFlow
from homeassistant.const import CONF_HOST, CONF_PORT, CONF_TOKEN
from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import selector
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.service_info.hassio import HassioServiceInfo
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo

from .adopted_flow import AdoptedFlow
from .client import (
    CannotConnectError,
    ClientFailedError,
    InvalidTokenError,
    NotAGatewayError,
    PairingRefusedError,
    TooManyAttemptsError,
    VersionMismatchError,
    fetch_info,
    open_stream,
    pair,
)
from .const import (
    CONF_CODE,
    CONF_CREATE_AREAS,
    CONF_INSTALL_BLUEPRINTS,
    DEFAULT_PORT,
    DOMAIN,
    SUBENTRY_ADOPTED,
    SUBENTRY_DUTY_PHONE,
    SUBENTRY_STAFF,
)
from .install import async_install
from .options_flow import CommunityHelpOptionsFlow
from .reconfigure import ReconfigureFlow
from .staff_flow import DutyPhoneFlow, StaffFlow

_LOGGER = logging.getLogger(__name__)
_PORT = vol.All(
    selector.NumberSelector(selector.NumberSelectorConfig(min=1, max=65535, mode=selector.NumberSelectorMode.BOX)),
    vol.Coerce(int),
)
_ADDRESS = vol.Schema({vol.Required(CONF_HOST): str, vol.Required(CONF_PORT, default=DEFAULT_PORT): _PORT})
_CODE = {vol.Required(CONF_CODE): str}
_WISHES = {
    vol.Required(CONF_CREATE_AREAS, default=True): bool,
    vol.Required(CONF_INSTALL_BLUEPRINTS, default=True): bool,
}


class CommunityHelpConfigFlow(ReconfigureFlow, domain=DOMAIN):
    """Add a gateway.

    An entry that learns another address or token is not reloaded: it follows by itself while it runs (``coordinator``),
    and while it waits for its gateway that is looked for where it is now (``probe``).
    """

    VERSION = 1

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._host = ""
        self._port = DEFAULT_PORT
        self._token = ""
        self._name = ""

    @staticmethod
    @callback
    def async_get_options_flow(_config_entry: ConfigEntry) -> CommunityHelpOptionsFlow:
        """What to do, in the community's own words."""
        return CommunityHelpOptionsFlow()

    @classmethod
    @callback
    def async_get_supported_subentry_types(cls, config_entry: ConfigEntry) -> dict[str, type[ConfigSubentryFlow]]:
        """People, the phones that they hand on, and adopted entities are subentries of their gateway."""
        return {SUBENTRY_STAFF: StaffFlow, SUBENTRY_DUTY_PHONE: DutyPhoneFlow, SUBENTRY_ADOPTED: AdoptedFlow}

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the gateway's address."""
        errors: dict[str, str] = {}
        if user_input is not None:
            self._host, self._port = user_input[CONF_HOST].strip(), user_input[CONF_PORT]
            errors = await self._identify()
            if not errors:
                self._abort_if_unique_id_configured(
                    updates={CONF_HOST: self._host, CONF_PORT: self._port}, reload_on_update=False
                )
                return await self.async_step_pair()
        schema = self.add_suggested_values_to_schema(_ADDRESS, user_input)
        return self.async_show_form(step_id="user", data_schema=schema, errors=errors)

    async def async_step_zeroconf(self, discovery_info: ZeroconfServiceInfo) -> ConfigFlowResult:
        """A stand-alone gateway announced itself."""
        gateway_id = discovery_info.properties.get("id")
        if not gateway_id or not discovery_info.port:
            return self.async_abort(reason="not_a_gateway")
        self._host, self._port = discovery_info.host, discovery_info.port
        await self.async_set_unique_id(gateway_id)
        self._abort_if_unique_id_configured(
            updates={CONF_HOST: self._host, CONF_PORT: self._port}, reload_on_update=False
        )
        self._name = discovery_info.properties.get("name") or "Community Help"
        self.context["title_placeholders"] = {"name": self._name}
        return await self.async_step_pair()

    async def async_step_hassio(self, discovery_info: HassioServiceInfo) -> ConfigFlowResult:
        """The app told the Supervisor how it is reached; its token came along."""
        config = discovery_info.config
        self._host, self._port, self._token = config[CONF_HOST], config[CONF_PORT], config[CONF_TOKEN]
        await self.async_set_unique_id(config["gateway_id"])
        self._abort_if_unique_id_configured(
            updates={CONF_HOST: self._host, CONF_PORT: self._port, CONF_TOKEN: self._token}, reload_on_update=False
        )
        self._name = config.get("name") or discovery_info.name
        self.context["title_placeholders"] = {"name": self._name}
        self.context["configuration_url"] = f"homeassistant://config/app/{discovery_info.slug}/info"
        return await self.async_step_hassio_confirm()

    async def async_step_hassio_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Add the app's gateway after asking."""
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = await self._connect()
            if not errors:
                return await self._create(user_input)
        return self.async_show_form(
            step_id="hassio_confirm",
            data_schema=vol.Schema(_WISHES),
            errors=errors,
            description_placeholders={"name": self._name},
        )

    async def async_step_pair(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the code that the gateway shows."""
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = await self._pair(user_input[CONF_CODE])
            if not errors:
                return await self._create(user_input)
        return self.async_show_form(
            step_id="pair",
            data_schema=vol.Schema({**_CODE, **_WISHES}),
            errors=errors,
            description_placeholders={"name": self._name},
        )

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """The gateway no longer knows our token."""
        self._host, self._port = entry_data[CONF_HOST], entry_data[CONF_PORT]
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for a fresh code."""
        entry = self._get_reauth_entry()
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = await self._identify() or await self._pair(user_input[CONF_CODE])
            if not errors:
                self._abort_if_unique_id_mismatch(reason="another_gateway")
                self.hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_TOKEN: self._token})
                self._follow(entry)
                return self.async_abort(reason="reauth_successful")
        return self.async_show_form(
            step_id="reauth_confirm",
            data_schema=vol.Schema(_CODE),
            errors=errors,
            description_placeholders={"name": entry.title},
        )

    async def _identify(self) -> dict[str, str]:
        """Ask who answers at the address."""
        try:
            info = await fetch_info(async_get_clientsession(self.hass), self._host, self._port)
        except ClientFailedError as error:
            return {"base": _error_key(error)}
        await self.async_set_unique_id(info.id, raise_on_progress=False)
        self._name = info.name
        return {}

    async def _pair(self, code: str) -> dict[str, str]:
        """Turn a code into a token, or take the token itself; then try it."""
        digits = code.replace("-", "").replace(" ", "")
        if digits.isdecimal():
            try:
                session = async_get_clientsession(self.hass)
                self._token = await pair(session, self._host, self._port, digits)
            except ClientFailedError as error:
                return {"base": _error_key(error)}
        else:
            self._token = code.strip()
        return await self._connect()

    async def _connect(self) -> dict[str, str]:
        """Open the stream once, as the coordinator will."""
        session = async_get_clientsession(self.hass)
        try:
            async with open_stream(session, self._host, self._port, self._token) as stream:
                if stream.hello.gateway.id != self.unique_id:
                    return {"base": "another_gateway"}
        except ClientFailedError as error:
            return {"base": _error_key(error)}
        return {}

    async def _create(self, wishes: dict[str, Any]) -> ConfigFlowResult:
        """Blueprints that cannot be written stop nobody: a repair offers them again."""
        if wishes[CONF_INSTALL_BLUEPRINTS]:
            try:
                await async_install(self.hass)
            except HomeAssistantError as error:
                _LOGGER.warning("The blueprints were not installed: %s", error)
        areas = wishes[CONF_CREATE_AREAS]
        data = {CONF_HOST: self._host, CONF_PORT: self._port, CONF_TOKEN: self._token, CONF_CREATE_AREAS: areas}
        return self.async_create_entry(title=self._name, data=data)


def _error_key(error: ClientFailedError) -> str:
    """The translated text for a failure."""
    if isinstance(error, VersionMismatchError):
        return f"update_{error.side}"
    keys = {
        CannotConnectError: "cannot_connect",
        InvalidTokenError: "invalid_token",
        PairingRefusedError: "pairing_refused",
        TooManyAttemptsError: "too_many_attempts",
        NotAGatewayError: "not_a_gateway",
    }
    return keys.get(type(error), "cannot_connect")
