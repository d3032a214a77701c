"""An answer that comes later, on the thread that promised it."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from tacore.errors import TacoreError

T = TypeVar("T")
U = TypeVar("U")


class Later(Generic[T]):
    """A value or a TacoreError to come; whoever waits is called when it is there, at once if it is already.

    Not for several threads. The first outcome stands.
    """

    __slots__ = ("_error", "_value", "_waiting", "done")

    def __init__(self) -> None:
        self.done = False
        self._value: T | None = None
        self._error: TacoreError | None = None
        self._waiting: list[Callable[[Any, TacoreError | None], None]] = []

    def resolve(self, value: T) -> None:
        """Give the value."""
        self._settle(value, None)

    def fail(self, error: TacoreError) -> None:
        """Give the error in its place."""
        self._settle(None, error)

    def then(self, call: Callable[[T | None, TacoreError | None], None]) -> None:
        """Have ``call(value, error)`` called once; one of the two is None."""
        if self.done:
            call(self._value, self._error)
        else:
            self._waiting.append(call)

    def map(self, turn: Callable[[T], U]) -> "Later[U]":
        """Give what ``turn`` makes of the value; a TacoreError that it raises is the outcome too."""
        made: Later[U] = Later()

        def settle(value: T | None, error: TacoreError | None) -> None:
            if error is not None:
                made.fail(error)
                return
            try:
                made.resolve(turn(value))  # type: ignore[arg-type]
            except TacoreError as raised:
                made.fail(raised)

        self.then(settle)
        return made

    def chain(self, turn: "Callable[[T], Later[U]]") -> "Later[U]":
        """Give what comes of the Later that ``turn`` makes of the value; what it raises is its outcome."""
        made: Later[U] = Later()

        def settle(value: Later[U] | None, error: TacoreError | None) -> None:
            if value is None:
                made._settle(None, error)
            else:
                value.then(made._settle)

        self.map(turn).then(settle)
        return made

    def _settle(self, value: T | None, error: TacoreError | None) -> None:
        if self.done:
            return
        self.done, self._value, self._error = True, value, error
        waiting, self._waiting = self._waiting, []
        for call in waiting:
            call(value, error)
