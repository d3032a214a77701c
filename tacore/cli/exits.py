"""Exit codes, and how an error reads on a terminal: what, why, what to do."""

import sys
from collections.abc import Mapping

from tacore import errors
from tacore.cli.printable import printable

OK, UNEXPECTED, USAGE, ANSWERED, NO_ANSWER, NO_BROKER, CONFIGURATION, NOT_FOUND, PARTLY = range(9)
INTERRUPTED = 130

_CODES: tuple[tuple[type[errors.TacoreError], int], ...] = (
    (errors.NoBroker, NO_BROKER),
    (errors.NoAnswer, NO_ANSWER),
    (errors.ConfigurationError, CONFIGURATION),
    (errors.Unauthorized, CONFIGURATION),
    (errors.Forbidden, CONFIGURATION),
    (errors.NotFound, NOT_FOUND),
)
_ADVICE: Mapping[str, str] = {
    "no_broker": "start one with `tacore up`, or name another with --endpoint",
    "no_answer": "look into `tacore ps` and `tacore logs`, or wait longer with --timeout",
    "unknown_method": "`tacore methods` lists what there is",
    "invalid_params": "`tacore describe METHOD` shows the params",
    "denied": "nothing was sent to a venue; `tacore order ID` shows what was asked for",
    "trading_halted": "`tacore resume` takes orders again, once it is known why; cancelling works meanwhile",
    "rejected": "`tacore order ID` shows what the venue said; the same key gets the same answer again",
    "idempotency_mismatch": "`tacore order ID` shows what has this key; another order needs a key of its own",
    "outcome_unknown": "it may have happened: `tacore order ID` tells, and so does the same key again; "
    "do not send it under another one",
    "unauthorized": "the service does not know this key",
    "forbidden": "this key may not do that",
}

_WORDS: Mapping[str, str] = {"value": "given", "nearest": "did you mean"}


class Usage(Exception):
    """The command line is wrong; nothing was sent."""


def code_of(error: errors.TacoreError) -> int:
    """Give the exit code for an error: 3 where the service answered with it."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), ANSWERED)


def tell(text: str) -> None:
    """Write a line for people, where results never go."""
    sys.stderr.write(f"{text}\n")


def explain(error: errors.TacoreError, method: str = "METHOD") -> str:
    """Put an error into plain words, and below it what its message does not say of each bad field."""
    if isinstance(error, errors.NoBroker):
        return f"tacore: {error.message}: {_ADVICE[error.code]}"
    lines = [f"tacore: {error.code}: {error.message}"]
    if not isinstance(error, errors.NoAnswer | errors.ConfigurationError):  # their messages say it all
        said = [(field, _left_to_say(reason, error.message)) for field, reason in _details(error).items()]
        lines += [f"  {field}: {text}" for field, text in said if text]
    if "retry_after_ms" in error.details:
        lines.append(f"  try again in {error.details['retry_after_ms'] / 1000:.0f} s")
    if error.code in _ADVICE:
        lines.append(f"  {_advice(error, method)}")
    return "\n".join(printable(each) for line in lines for each in line.split("\n"))


def _advice(error: errors.TacoreError, method: str) -> str:
    if error.code == "denied" and method.endswith(".job"):
        return "`tacore jobs` shows the states of jobs"
    order_id = error.details.get("order_id")
    known = isinstance(order_id, str)
    text = _ADVICE[error.code].replace("METHOD", method)
    return text.replace("`tacore order ID`", f"`tacore order {order_id}`" if known else "`tacore orders`")


def _details(error: errors.TacoreError) -> Mapping[str, object]:
    """Leave out what the message has said: of several denials the names of their rules are shown."""
    details = {name: each for name, each in error.details.items() if name != "retry_after_ms"}
    denials = details.pop("denials", None)
    if isinstance(denials, list) and len(denials) > 1:
        rules = [each.get("rule") for each in denials if isinstance(each, Mapping)]
        of_first = ("rule", "limit", "value")
        return {"rules": rules, **{name: each for name, each in details.items() if name not in of_first}}
    return details


def _left_to_say(reason: object, message: str) -> str:
    if not isinstance(reason, Mapping):
        text = _reason(reason)
        return "" if text in message else text
    parts = []
    for name, value in reason.items():
        if isinstance(value, Mapping) and str(value.get("message")) in message:
            continue
        text = _reason(value)
        if value is not None and (name == "value" or text not in message):
            parts.append(text if name == "problem" else f"{_WORDS.get(name, name)} {text}")
    return ", ".join(parts)


def _reason(reason: object) -> str:
    if isinstance(reason, Mapping):
        return ", ".join(f"{name} {_reason(each)}" for name, each in reason.items())
    if isinstance(reason, list | tuple):
        return ", ".join(_reason(each) for each in reason)
    return str(reason)
