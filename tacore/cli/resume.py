"""`tacore resume`: take orders again."""

from collections.abc import Sequence

from tacore.cli import texts
from tacore.cli.asking import PATIENCE
from tacore.cli.exits import OK
from tacore.cli.globals import Globals
from tacore.cli.halt import set_state
from tacore.cli.words import none_left, split

VALUED = frozenset({"--reason"}) | PATIENCE


def run(argv: Sequence[str], options: Globals) -> int:
    """End a halt."""
    if options.help:
        return texts.usage(texts.RESUME)
    words = split(argv, VALUED)
    none_left("resume", words.rest)
    set_state("active", words, options)
    return OK
