"""Everything that can be wrong with a configuration, whichever process would stop at it."""

import logging.config
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from tacore.bootstrap.providers import providers_of
from tacore.errors import ConfigurationError
from tacore.market.registry import provider_kinds
from tacore.model.agents import parse_agents
from tacore.model.markets import parse_markets
from tacore.model.risk import parse_risk
from tacore.model.trading import parse_trading
from tacore.settings.loaded import Loaded
from tacore.settings.logs import start_logs


def problems_of(loaded: Loaded) -> list[str]:
    """Tell what is wrong beyond the settings themselves, a line each."""
    problems: list[str] = []
    for check in (_check_markets, _check_risk, _check_orders, _check_agents, _check_logging):
        try:
            check(loaded)
        except ConfigurationError as error:
            problems += lines_of(error.message)
    return problems


def lines_of(message: str) -> list[str]:
    """Give the single problems of a ConfigurationError's message."""
    lines = message.splitlines()
    return lines[1:] if lines[0].endswith("wrong settings:") else lines


def _check_markets(loaded: Loaded) -> None:
    configured = providers_of(loaded)
    for market, settings in parse_markets(loaded.trading.get("markets"), loaded.trading_file).items():
        for name, kind in provider_kinds(market, settings).items():
            configured.setup(name, kind, market, settings)


def _check_risk(loaded: Loaded) -> None:
    parse_risk(loaded.trading.get("risk"), loaded.trading_file)


def _check_orders(loaded: Loaded) -> None:
    parse_trading(loaded.trading.get("trading"), loaded.trading_file)


def _check_agents(loaded: Loaded) -> None:
    parse_agents(loaded.trading.get("agents"), loaded.trading_file)


def _check_logging(loaded: Loaded) -> None:
    """Apply logging.yaml for a moment, to a folder that goes away again."""
    with TemporaryDirectory() as folder:
        settings = loaded.settings.model_copy(update={"home": Path(folder)})
        try:
            for file in ("tacoreservice.log", "worker.log"):
                start_logs(replace(loaded, settings=settings), file=file, stderr=False)
        finally:
            logging.config.dictConfig({"version": 1, "disable_existing_loggers": False})
