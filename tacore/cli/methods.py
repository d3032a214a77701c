"""`tacore methods`: what the running service can do."""

from collections.abc import Sequence

from tacore.cli import catalogue, render, texts
from tacore.cli.asking import PATIENCE, open_client
from tacore.cli.exits import OK
from tacore.cli.globals import Globals
from tacore.cli.words import none_left, split

SHOWN = ("name", "pool", "aliases", "summary")


def run(argv: Sequence[str], options: Globals) -> int:
    """List the methods, by name."""
    if options.help:
        return texts.usage(texts.METHODS)
    words = split(argv, PATIENCE)
    none_left("methods", words.rest)
    with open_client(options, words.options) as client:
        found = client.call(catalogue.DESCRIBE)["methods"]
    listed = sorted(found, key=lambda each: str(each["name"]))
    render.show({"methods": listed}, options if options.columns else options._replace(columns=SHOWN))
    return OK
