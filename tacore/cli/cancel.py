"""`tacore cancel`: end orders that are open."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from tacore.cli import banner, texts
from tacore.cli.asking import PATIENCE, open_client
from tacore.cli.exits import INTERRUPTED, OK, PARTLY, Usage, code_of, explain, tell
from tacore.cli.globals import Globals
from tacore.cli.order import which
from tacore.cli.orders import newest, only, papers, show
from tacore.cli.statuses import OPEN
from tacore.cli.words import Words, split
from tacore.client.sync import Client
from tacore.errors import NoAnswer, TacoreError

VALUED = frozenset({"--symbol", "--market", "--account"}) | PATIENCE
FLAGS = frozenset({"--all", "-y", "--yes"})


def run(argv: Sequence[str], options: Globals) -> int:
    """Cancel the orders that are named, or all that are open."""
    if options.help:
        return texts.usage(texts.CANCEL)
    words = split(argv, VALUED, FLAGS)
    _check(words)
    with open_client(options, words.options) as client:
        if "--all" in words.options:
            return _all(client, only(words.options), options, sure=_is_sure(words))
        return _some(client, list(dict.fromkeys(words.rest)), options)


def _check(words: Words) -> None:
    named, all_ = words.rest, "--all" in words.options
    strange = next((each for each in named if each.startswith("-")), None)
    if strange is not None:
        raise Usage(f"cancel does not know {strange!r}: `tacore cancel --help`")
    if all_ and named:
        raise Usage(f"cancel takes --all or IDs, not both: {named[0]!r}")
    if not all_ and not named:
        raise Usage("cancel needs an ID, or --all: `tacore orders --status open` lists what is open")
    filters = sorted({"--symbol", "--market", "--account"} & words.options.keys())
    if filters and not all_:
        raise Usage(f"{filters[0]} goes with --all")
    if all_ and not _is_sure(words) and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Usage("cancel --all needs -y where there is nobody to ask")


def _is_sure(words: Words) -> bool:
    return not {"-y", "--yes"}.isdisjoint(words.options)


def _all(client: Client, asked: Mapping[str, Any], options: Globals, *, sure: bool) -> int:
    if not sure and not _agreed(newest(client, {**asked, "status": ["open"]}, None), options):
        tell("nothing was cancelled")
        return INTERRUPTED
    done = client.call("cancel.all", asked)
    banner.show(client, papers(done["orders"]), options, account=asked.get("account"))
    show(done, options)
    return _ended(done["orders"])


def _agreed(orders: Sequence[Mapping[str, Any]], options: Globals) -> bool:
    """Ask, unless there is nothing to cancel."""
    if not orders:
        return True
    word = banner.colored(banner.word_of(papers(orders)), options)
    symbols = ", ".join(sorted({str(order["symbol"]) for order in orders}))
    accounts = ", ".join(sorted({str(order["account"]) for order in orders}))
    count = f"{len(orders)} open order{'' if len(orders) == 1 else 's'}"
    sys.stderr.write(f"{word}  cancel {count} of {accounts} ({symbols})? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _some(client: Client, order_ids: Sequence[str], options: Globals) -> int:
    done: list[dict[str, Any]] = []
    failed: list[tuple[str, TacoreError]] = []
    asked = map(which, order_ids)
    for order_id, each in zip(order_ids, client.map("cancel.order", asked, ordered=True), strict=True):
        if each.reply.error is not None:
            failed.append((order_id, each.reply.error))
        else:
            done.append(each.reply.data)
    if failed and not done and isinstance(failed[0][1], NoAnswer):
        raise failed[0][1]
    if done:
        banner.show(client, papers(done), options)
        show({"orders": [_row(order) for order in done]}, options)
    for order_id, error in failed:
        said = explain(error, "cancel.order")
        tell(said if order_id in said else f"{order_id}: {said}")
    ended = _ended(done)
    if failed:
        return PARTLY if done else code_of(failed[-1][1])
    return ended


def _row(order: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in order.items() if name not in ("fills", "events", "quote")}


def _ended(orders: Sequence[Mapping[str, Any]]) -> int:
    """Name what may still trade."""
    left = [order for order in orders if order["status"] in OPEN]
    for order in left:
        tell(
            f"{order['order_id']} is {order['status']}: it may still trade; `tacore orders -f` shows its end"
        )
    return PARTLY if left else OK
