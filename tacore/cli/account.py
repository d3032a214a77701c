"""`tacore account`: cash, positions, equity and limits of an account."""

from collections.abc import Sequence

from tacore.cli import banner, render, texts
from tacore.cli.asking import PATIENCE, open_client
from tacore.cli.exits import OK
from tacore.cli.globals import Globals
from tacore.cli.words import none_left, split

VALUED = frozenset({"--as-of"}) | PATIENCE


def run(argv: Sequence[str], options: Globals) -> int:
    """Show an account, now or as it was."""
    if options.help:
        return texts.usage(texts.ACCOUNT)
    words = split(argv, VALUED)
    named = [each for each in words.rest[:1] if not each.startswith("-")]
    none_left("account", words.rest[len(named) :])
    asked = {"account": named[0]} if named else {}
    if "--as-of" in words.options:
        asked["as_of"] = _moment(words.options["--as-of"])
    with open_client(options, words.options) as client:
        found = client.call("get.account", asked)
        banner.show(client, [found.get("paper") is True], options)
    render.show(found, options)
    return OK


def _moment(text: str) -> str:
    import time  # noqa: PLC0415  only where it is asked for

    from tacore.cli.moments import moment_text  # noqa: PLC0415

    return moment_text("--as-of", text, time.time())
