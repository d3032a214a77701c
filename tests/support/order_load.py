"""Clients that place one order after the other, and write down what they asked and what came of it.

`python -m tests.support.order_load ENDPOINT NAME FILE KINDS` is one of them in a process that can be killed;
another with the same name and file asks the last unanswered order again and goes on from there.
"""

import json
import random
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tacore.client import Client
from tacore.errors import TacoreError

Data = dict[str, Any]
Kinds = Sequence[Mapping[str, Any]]
PATIENCE: Mapping[str, Any] = {"timeout_s": 2.0, "retries": 25, "backoff_s": 0.05, "backoff_max_s": 0.5}
PAUSE_S = 0.02


class Record:
    """What a client asked and got, a JSON line for each, written before anything else happens."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def lines(self) -> list[Data]:
        """Give the lines; a last one that a kill cut short is left out."""
        if not self.file.exists():
            return []
        whole = self.file.read_text(encoding="utf-8").splitlines(keepends=True)
        return [json.loads(each) for each in whole if each.endswith("\n")]

    def add(self, what: str, key: str, **more: Any) -> None:
        """Write a line."""
        with self.file.open("a", encoding="utf-8") as out:
            out.write(json.dumps({"what": what, "key": key, **more}) + "\n")

    def count(self, what: str) -> int:
        """Count the lines of a kind."""
        return sum(each["what"] == what for each in self.lines())

    def unanswered(self) -> list[str]:
        """Give the keys that were asked and not answered."""
        ended = {each["key"] for each in self.lines() if each["what"] == "ended"}
        asked = dict.fromkeys(each["key"] for each in self.lines() if each["what"] == "asked")
        return [each for each in asked if each not in ended]

    def next_number(self) -> int:
        """Give the number of the order to ask now: the last one, where it was not answered."""
        unanswered, asked = self.unanswered(), {each["key"] for each in self.lines()}
        return len(asked) - len(unanswered)


class Trader:
    """Places orders of some kinds until it is told to stop; every key has one and the same order."""

    def __init__(self, endpoint: str, name: str, file: Path, kinds: Kinds) -> None:
        self.record = Record(file)
        self.stopped = threading.Event()
        self._endpoint, self._name, self._kinds = endpoint, name, kinds
        self.thread = threading.Thread(target=self.run, name=name, daemon=True)

    def run(self) -> None:
        """Place orders."""
        number = self.record.next_number()
        with Client(self._endpoint, **PATIENCE) as client:
            while not self.stopped.wait(PAUSE_S):
                self.place(client, f"{self._name}-{number}")
                number += 1

    def place(self, client: Client, key: str) -> None:
        """Place the order of a key, and write down what came of it."""
        params = random.Random(key).choice(self._kinds)  # noqa: S311 - no secret
        self.record.add("asked", key, params=params)
        try:
            reply = client.request("execute.order", params, request_id=key, idempotency_key=key)
        except TacoreError as error:
            self.record.add("ended", key, code=error.code, data=None, details={})
            return
        code, details = ("", {}) if reply.error is None else (reply.error.code, reply.error.details)
        replayed = bool(reply.raw.get("replayed"))
        tries = len(reply.attempts)
        self.record.add(
            "ended", key, code=code, data=reply.data, details=details, replayed=replayed, tries=tries
        )


if __name__ == "__main__":
    Trader(sys.argv[1], sys.argv[2], Path(sys.argv[3]), json.loads(sys.argv[4])).run()
