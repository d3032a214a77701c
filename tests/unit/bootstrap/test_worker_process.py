"""What a worker process does before it takes requests."""

import dataclasses

from tacore.bootstrap.worker import prepare
from tacore.methods.debug_echo import METHOD


def test_worker_when_it_startsprepares_each_method_that_wants_it() -> None:
    prepared: list[str] = []
    one = dataclasses.replace(METHOD, name="one", prepare=lambda: prepared.append("one"))
    two = dataclasses.replace(METHOD, name="two", prepare=lambda: prepared.append("two"))
    prepare({"one": one, "echo": METHOD, "two": two})
    assert prepared == ["one", "two"]
