"""What is wrong with a price file, by line, column and value."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BadPrice:
    """One wrong value; ``line`` counts from 1 (in CSV the heading), 0 means the file as a whole."""

    file: str
    line: int
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        what = f"{self.column} = {self.value}" if self.value else self.column
        return ": ".join(each for each in (where, what, self.reason) if each)


class UnreadableFile(Exception):
    """A file that can't be read as a table at all."""

    def __init__(self, problem: BadPrice) -> None:
        super().__init__(str(problem))
        self.problem = problem
