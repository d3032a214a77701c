"""The line above what a terminal shows of orders and money: PAPER or LIVE, and whether trading is on."""

import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from tacore.cli.exits import tell
from tacore.cli.globals import Globals
from tacore.client.sync import Client
from tacore.errors import TacoreError

PAPER, LIVE = "PAPER", "LIVE"
_REVERSE, _ALARM, _RESET = "\x1b[7m", "\x1b[1;37;41m", "\x1b[0m"


def show(
    client: Client,
    papers: Iterable[bool],
    options: Globals,
    *,
    account: str | None = None,
    state: Mapping[str, Any] | None = None,
) -> None:
    """Tell a terminal whether money is real, and the trading state where it is not active.

    ``papers`` are the ``paper`` of all that is shown; where nothing is, the account says. ``state`` is the
    trading state, where it is known already. --quiet keeps back PAPER, and nothing else.
    """
    if not sys.stdout.isatty():
        return
    said = word = ""
    try:
        state = client.call("get.trading_state") if state is None else state
        said = _of_state(state)
        word = LIVE if _is_live(client, list(papers), state, account) else PAPER
    except TacoreError as error:
        said = said or f"whether trading is on is not known: {error.message}"
    if said or word == LIVE or not options.quiet:
        tell("  ".join(each for each in (word and colored(word, options), said) if each))


def word_of(papers: Iterable[bool]) -> str:
    """Give LIVE where any of it is no paper."""
    return PAPER if all(papers) else LIVE


def colored(word: str, options: Globals) -> str:
    """Write PAPER, or a word that warns, so that it is seen."""
    if not sys.stderr.isatty() or options.no_color or os.environ.get("NO_COLOR"):
        return word
    return f"{_REVERSE if word == PAPER else _ALARM} {word} {_RESET}"


def _is_live(client: Client, papers: list[bool], state: Mapping[str, Any], account: str | None) -> bool:
    if papers:
        return word_of(papers) == LIVE
    if "paper" in state:
        return not state["paper"]
    return not client.call("get.account", {} if account is None else {"account": account})["paper"]


def _of_state(state: Mapping[str, Any]) -> str:
    if state.get("state", "active") == "active":
        return ""
    reason = f": {state['reason']}" if state.get("reason") else ""
    return f"trading is {state['state']} since {state.get('since')}, by {state.get('by')}{reason}"
