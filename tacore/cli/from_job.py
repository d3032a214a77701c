"""`tacore call execute.order --from-job`: an order that an agent job decided, placed once."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from tacore.cli import banner, call, catalogue, params, render
from tacore.cli.agent_calls import FROM_JOB
from tacore.cli.exits import ANSWERED, INTERRUPTED, OK, Usage, tell
from tacore.cli.globals import Globals
from tacore.cli.jobs import finding, spelled
from tacore.cli.jobs.spelled import DEGRADED, View
from tacore.cli.numbers import dump
from tacore.client.sync import Client
from tacore.errors import TacoreError

KEY, METADATA = "idempotency_key", "metadata"
_PRICES = "get.market_data"
Order = dict[str, Any]


def run(
    client: Client,
    words: Mapping[str, str],
    typed: Sequence[params.Typed],
    given: Mapping[str, Any],
    options: Globals,
) -> int:
    """Place what a job decided, or say why not."""
    preview, force = "--dry-run" in words, "--force" in words
    asks = force and words.keys().isdisjoint({"-y", "--yes"}) and not preview
    if asks and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Usage("--force needs --yes where there is nobody to ask")
    known = catalogue.find(client, call.ORDER)
    made = _plainly_named(params.build(typed, given, known), known)
    view = finding.get(client, words[FROM_JOB])
    refused = _refusal(view)
    if refused:
        tell(f"tacore: job {view['job_id']} {refused}")
        return ANSWERED
    made = merge(view, made)
    doubts = [*_doubts(view), *_age(client, view)]
    if doubts and not force:
        return _refuse(view, doubts, options)
    if not options.quiet or doubts:
        tell(_spelled(view, made))
    for each in doubts:
        tell(f"  {each}")
    if preview:
        return call.preview(client, call.ORDER, made)
    if doubts and asks and not _agreed(client, made, options):
        tell("nothing was ordered")
        return INTERRUPTED
    reply = call.request(client, call.ORDER, made, trace="--trace" in words)
    if reply.raw.get("replayed") is True and not options.quiet:
        tell(f"note: this order was there already, by the key {made[KEY]}: nothing more was ordered")
    render.show(reply.data, options)
    return OK


def merge(view: View, made: Mapping[str, Any]) -> Order:
    """Make the order: what the job decided, and the rest as it was asked for. Usage where they disagree."""
    job_id = str(view["job_id"])
    decided = {"symbol": view["symbol"], "market": view["market"], "action": spelled.action_of(view)}
    for name, value in decided.items():
        if name in made and str(made[name]).strip().casefold() != str(value).casefold():
            raise Usage(f"{name}: job {job_id} is about {value}, not {made[name]}")
    if "quantity" not in made:
        raise Usage("--from-job needs --quantity: a decision has none")
    tags = made.get(METADATA, {})
    if not isinstance(tags, Mapping):
        raise Usage(f"{METADATA}: with --from-job it is an object, which gets the job's id; not {dump(tags)}")
    if tags.get("job_id", job_id) != job_id:
        raise Usage(f"{METADATA}.job_id: {tags['job_id']} is not {job_id}")
    return {**made, **decided, METADATA: {**tags, "job_id": job_id}, KEY: made.get(KEY) or f"job:{job_id}"}


def _plainly_named(made: Mapping[str, Any], known: params.Method | None) -> Order:
    """Bring params to their own names, for an alias may disagree with the job."""
    renames: Mapping[str, str] = known.renames if known is not None else {}
    plain: Order = {}
    for name, value in made.items():
        own = renames.get(name, name)
        if plain.get(own, value) != value:
            raise Usage(f"{own} is given twice, as {dump(plain[own])} and as {dump(value)}")
        plain[own] = value
    return plain


def _refusal(view: View) -> str:
    """Say why there is nothing to order, whatever an operator wants."""
    if not spelled.has_ended(view):
        return f"is {view['state']}: `tacore jobs logs -f {view['job_id']}` follows it to its decision"
    if view["state"] != "done":
        return f"is {view['state']} and decided nothing"
    if spelled.action_of(view) == "hold":
        return f"decided to hold {view['symbol']}: nothing to order"
    if spelled.action_of(view) not in ("buy", "sell"):
        return "has no decision to order by"
    return ""


def _doubts(view: View) -> list[str]:
    """Give the reasons that only an operator may overrule."""
    doubts = spelled.flaws(view)
    if view.get("quality") is None:
        doubts.append("quality: it was never judged")
    elif spelled.is_degraded(view) and not doubts:
        doubts.append("quality: degraded, and no reason was given")
    if view.get("simulated"):
        doubts.append(f"simulated: its prices are made up (source {view.get('source') or 'unknown'})")
    return doubts


def _age(client: Client, view: View) -> list[str]:
    """Doubt a decision that rests on an earlier session than the newest there is."""
    try:
        told = client.call(_PRICES, {"symbols": [view["symbol"]], "market": view["market"], "limit": 1})
        newest = str(told["symbols"][view["symbol"]]["bars"][-1]["session"])
    except (TacoreError, LookupError):
        return ["old_decision: whether its date is still the newest session can't be told"]
    if newest <= str(view["date"]):
        return []
    return [f"old_decision: it was decided as of {view['date']}, and the newest session is {newest}"]


def _refuse(view: View, doubts: Sequence[str], options: Globals) -> int:
    said = banner.colored(DEGRADED, options) if spelled.is_degraded(view) else "not to be trusted"
    tell(f"tacore: the decision of job {view['job_id']} is {said}: nothing was ordered")
    for each in doubts:
        tell(f"  {each}")
    tell("  --force orders in spite of that; a script adds --yes")
    return ANSWERED


def _spelled(view: View, made: Order) -> str:
    price = f"limit {made['price']}" if "price" in made else "at market" if "stop_price" not in made else ""
    stop = f"stop {made['stop_price']}" if "stop_price" in made else ""
    kind = " ".join(each for each in (price, stop) if each)
    what = f"{made['action']} {made['quantity']} {made['symbol']} ({made['market']}) {kind}"
    where = f", account {made['account']}" if "account" in made else ""
    mark = f" ({DEGRADED})" if spelled.is_degraded(view) else ""
    verb = "asking about" if made.get("dry_run") is True else "ordering"
    why = f"job {view['job_id']} decided it as of {view['date']}{mark}"
    return f"{verb}: {what}{where}; {why}, key {made[KEY]}"


def _agreed(client: Client, made: Order, options: Globals) -> bool:
    """Let an operator decide, who has seen the reasons; a question to the gate needs nobody."""
    if made.get("dry_run") is True:
        return True
    asked = {"account": made["account"]} if "account" in made else {}
    paper = client.call("get.account", asked).get("paper") is True
    word = banner.colored(banner.word_of([paper]), options)
    sys.stderr.write(f"{word}  order in spite of that? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
