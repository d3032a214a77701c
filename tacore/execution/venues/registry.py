"""Building a venue of the settings; its module is imported only where it is configured."""

import re
from collections.abc import Mapping
from pathlib import Path

from tacore.errors import ConfigurationError
from tacore.model import trading
from tacore.ports.venue import Venue
from tacore.settings.secrets import secret
from tacore.settings.types import is_loopback

# Parsers differ on what else an address may hold (names before an @, backslashes), so nothing else may.
_ADDRESS = re.compile(r"https?://(?P<host>[\w.-]+|\[[0-9a-fA-F:]+\])(:\d{1,5})?(/[\w./-]*)?")


def build_venue(
    name: str,
    settings: trading.VenueSettings,
    rules: Mapping[str, trading.MarketRules],
    home: Path | None = None,
) -> Venue:
    """Build the venue of that name; files with keys are looked for under ``home``.

    Raises ConfigurationError where its extra or a key is missing, or its address is not this machine.
    """
    if isinstance(settings, trading.PaperVenue):
        from tacore.execution.venues.paper import PaperVenue  # noqa: PLC0415 - only what is configured

        paper: Venue = PaperVenue(name, settings, rules)
        return paper
    _check_address(name, settings.base_url)
    where = home or Path.cwd()
    if isinstance(settings, trading.AlpacaVenue):
        from tacore.execution.venues.alpaca import AlpacaVenue  # noqa: PLC0415 - an extra

        keys = _keys(name, settings, where, ("APCA_API_KEY_ID", "APCA_API_SECRET_KEY"))
        return AlpacaVenue(name, settings, *keys)
    from tacore.execution.venues.ccxt import CcxtVenue  # noqa: PLC0415 - an extra

    return CcxtVenue(name, settings, *_keys(name, settings, where, ("CCXT_API_KEY", "CCXT_SECRET")))


def _check_address(name: str, url: str) -> None:
    """Refuse every address beyond this machine: there are no keys and roles yet to guard real money."""
    found = _ADDRESS.fullmatch(url)
    if not found or not is_loopback(found["host"]):
        raise ConfigurationError(
            f"trading.venues.{name}.base_url = {url!r}: a live venue is reached at loopback addresses only, "
            "until keys and roles exist; allowed: such as http://127.0.0.1:8080"
        )


def _keys(
    name: str,
    settings: trading.AlpacaVenue | trading.CcxtVenue,
    home: Path,
    variables: tuple[str, str],
) -> tuple[str, str]:
    files = (settings.api_key_file, settings.secret_key_file)
    whats = (f"venue {name}'s key", f"venue {name}'s secret")
    key, secret_key = (
        secret(what, Path(file) if file else None, variable, home)
        for what, file, variable in zip(whats, files, variables, strict=True)
    )
    return key, secret_key
