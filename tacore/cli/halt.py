"""`tacore halt`: take no orders any more."""

from collections.abc import Sequence

from tacore.cli import banner, render, texts
from tacore.cli.asking import PATIENCE, open_client
from tacore.cli.exits import OK, tell
from tacore.cli.globals import Globals
from tacore.cli.words import Words, none_left, split

VALUED = frozenset({"--reason"}) | PATIENCE
FLAGS = frozenset({"--reducing"})


def run(argv: Sequence[str], options: Globals) -> int:
    """Halt trading, or take only orders that reduce."""
    if options.help:
        return texts.usage(texts.HALT)
    words = split(argv, VALUED, FLAGS)
    none_left("halt", words.rest)
    set_state("reducing" if "--reducing" in words.options else "halted", words, options)
    if not options.quiet:
        tell("what is open stays open: `tacore cancel --all` ends it, `tacore resume` takes orders again")
    return OK


def set_state(state: str, words: Words, options: Globals) -> None:
    """Set the trading state, and show it."""
    reason = {"reason": words.options["--reason"]} if "--reason" in words.options else {}
    with open_client(options, words.options) as client:
        done = client.call("set.trading_state", {"state": state, **reason})
        banner.show(client, (), options, state=done)
    render.show(done, options)
