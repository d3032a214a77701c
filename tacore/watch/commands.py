"""The command line that does or shows the same, for what a screen offers to copy."""

import json
import shlex
from collections.abc import Mapping
from typing import Any

import msgspec

from tacore.store.rows import LogRow

Names = Mapping[str, Any]


def of_request(row: LogRow) -> str:
    """Ask the same again; where its params were cut or not kept, look at it."""
    if row.method is None or row.request_data is None or row.request_truncated:
        return trace(row.request_id)
    params = _compact(row.request_data)
    return f"tacore call {_q(row.method)}" + ("" if params == "{}" else f" --params {_q(params)}")


def trace(request_id: str | int) -> str:
    """Look at a request: its attempts, worker and times."""
    return f"tacore trace {_q(str(request_id))}"


def logs(**filters: str | None) -> str:
    """List requests; a filter that is None is left out."""
    given = [(name.replace("_", "-"), value) for name, value in filters.items() if value is not None]
    return " ".join(["tacore logs", *(f"--{name} {_q(value)}" for name, value in given)])


def of_method(name: str) -> str:
    """Show a method's figures."""
    return f"tacore stats --method {_q(name)}"


def restart(worker_id: str) -> str:
    """Restart a worker."""
    return f"tacore worker restart {_q(worker_id)}"


def drain(worker_id: str) -> str:
    """Stop a worker in good order."""
    return f"tacore worker drain {_q(worker_id)}"


def scale(workers: int, pool: str = "fast", supervisor: str | None = None) -> str:
    """Keep that many workers."""
    where = "" if pool == "fast" else f" --pool {_q(pool)}"
    which = "" if supervisor is None else f" --supervisor {_q(supervisor)}"
    return f"tacore worker scale {workers}{where}{which}"


def of_order(order_id: str) -> str:
    """Show an order with its events."""
    return f"tacore order {_q(order_id)}"


def cancel(order_id: str) -> str:
    """Cancel an order."""
    return f"tacore cancel {_q(order_id)}"


def of_job(job_id: str) -> str:
    """Show an agent job with its reports."""
    return f"tacore jobs show {_q(job_id)}"


def cancel_job(job_id: str) -> str:
    """Cancel an agent job."""
    return f"tacore jobs cancel {_q(job_id)}"


def retry_job(job_id: str) -> str:
    """Take an agent job up again."""
    return f"tacore jobs retry {_q(job_id)}"


def of_position(symbol: str, account: str | None = None) -> str:
    """Show what an account holds of a symbol."""
    return f"tacore orders --symbol {_q(symbol)}" + ("" if account is None else f" --account {_q(account)}")


def trading(state: str, reason: str = "") -> str:
    """Halt trading or resume it."""
    word = {"active": "resume", "halted": "halt", "reducing": "halt --reducing"}[state]
    return f"tacore {word}" + (f" --reason {_q(reason)}" if reason else "")


def clear_cache(kind: str | None = None) -> str:
    """Forget what is cached."""
    return "tacore cache clear" + ("" if kind is None else f" --kind {_q(kind)}")


def call(method: str, params: Names) -> str:
    """Call a method."""
    told = _compact(json.dumps(dict(params)))
    return f"tacore call {_q(method)}" + ("" if told == "{}" else f" --params {_q(told)}")


def _compact(text: str) -> str:
    try:
        return msgspec.json.format(text, indent=-1)  # leaves numbers as they are written
    except msgspec.DecodeError:
        return text


def _q(text: str) -> str:
    return shlex.quote(text)
