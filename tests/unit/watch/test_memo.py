"""Answers that are shared: one question at a time, each answer only for a while."""

import asyncio
from typing import Any

import pytest

from tacore.watch.memo import MOST, Memo


class Asked:
    """A question whose answer comes when the test says so."""

    def __init__(self) -> None:
        self.times = 0
        self.go = asyncio.Event()

    async def __call__(self) -> int:
        self.times += 1
        await self.go.wait()
        return self.times


def run(test: Any) -> None:
    asyncio.run(test())


def test_memo_when_many_ask_at_once_asks_once() -> None:
    async def test() -> None:
        memo, asked = Memo(lambda: 0.0), Asked()
        waiting = [asyncio.create_task(memo.get("k", 1.0, asked)) for _ in range(5)]
        await asyncio.sleep(0)
        asked.go.set()
        assert await asyncio.gather(*waiting) == [1] * 5

    run(test)


def test_memo_when_an_answer_is_too_old_asks_again() -> None:
    async def test() -> None:
        now = [0.0]
        memo, asked = Memo(lambda: now[0]), Asked()
        asked.go.set()
        assert await memo.get("k", 1.0, asked) == 1
        now[0] = 1.0
        assert await memo.get("k", 1.0, asked) == 1
        assert await memo.get("other", 1.0, asked) == 2
        now[0] = 1.1
        assert await memo.get("k", 1.0, asked) == 3
        memo.forget()
        assert await memo.get("k", 1.0, asked) == 4

    run(test)


def test_memo_when_a_question_fails_tells_all_who_wait_and_keeps_nothing() -> None:
    async def test() -> None:
        memo = Memo(lambda: 0.0)
        fail, go = [True], asyncio.Event()

        async def ask() -> str:
            await go.wait()
            if fail[0]:
                raise LookupError("away")
            return "there"

        waiting = [asyncio.create_task(memo.get("k", 1.0, ask)) for _ in range(2)]
        await asyncio.sleep(0)
        go.set()
        assert [type(each) for each in await asyncio.gather(*waiting, return_exceptions=True)] == [
            LookupError,
            LookupError,
        ]
        fail[0] = False
        assert await memo.get("k", 1.0, ask) == "there"

    run(test)


def test_memo_when_one_who_waits_leaves_answers_the_others() -> None:
    async def test() -> None:
        memo, asked = Memo(lambda: 0.0), Asked()
        first, second = (asyncio.create_task(memo.get("k", 1.0, asked)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        asked.go.set()
        assert await second == 1
        with pytest.raises(asyncio.CancelledError):
            await first

    run(test)


def test_memo_when_asked_of_everything_forgets_the_oldest() -> None:
    async def test() -> None:
        memo, asked = Memo(lambda: 0.0), Asked()
        asked.go.set()
        for number in range(MOST + 1):
            await memo.get(number, 1.0, asked)
        assert await memo.get(MOST, 1.0, asked) == MOST + 1
        assert await memo.get(0, 1.0, asked) == MOST + 2

    run(test)
