"""Runs of agents on the sample market, through the adapter: what they say, awaited."""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from tacore.analysis.agents.adapter import AgentAnalyst, Place
from tacore.analysis.agents.conclude import conclude
from tacore.analysis.agents.data import AgentData
from tacore.analysis.agents.told import Told
from tacore.clock import ManualClock
from tacore.market.router import Markets
from tacore.market.symbols import vendor_symbol
from tacore.model.agents import AgentSettings, parse_agents
from tacore.model.jobs import Ask, Engine, Outcome, Spent, ToolCall
from tacore.ports.analyst import Broke, Finished, Run, Said, Stage, Used
from tests.support.markets import ALL_MARKETS, open_markets

KEY = "CANARY-5f1d7c0ab2"
KEY_NAME = "TACORE_TEST_MODEL_KEY"
WALL = datetime(2024, 3, 13, 6, 30, tzinfo=UTC)
PATIENCE_S = 45.0
_T = TypeVar("_T")


def agent_settings(url: str, **model: object) -> AgentSettings:
    """Configure the scripted server's two models, of which only one has a price."""
    return parse_agents(
        {
            "model": {
                "base_url": url,
                "quick": "quick-model",
                "deep": "deep-model",
                "api_key_env": KEY_NAME,
                "timeout_s": 20,
                **model,
            },
            "prices": {"quick-model": {"input": 1, "output": 2}},
        }
    )


def ask_of(engine: Engine, **others: object) -> Ask:
    """Ask about AAPL as of the day before the markets' time."""
    fields: dict[str, object] = {
        "engine": engine,
        "market": "US",
        "symbol": "AAPL",
        "date": "2024-03-12",
        "analysts": ("market", "fundamentals", "news", "social"),
        "debate_rounds": 1,
        "risk_rounds": 1,
        "quick_model": "quick-model",
        "deep_model": "deep-model",
    }
    return Ask(**{**fields, **others})  # type: ignore[arg-type]


class Heard:
    """What a run has said, in order; any thread may wait for more."""

    def __init__(self) -> None:
        self._all: list[Said] = []
        self._more = threading.Condition()

    def say(self, said: Said) -> None:
        """Take in the next."""
        with self._more:
            self._all.append(said)
            self._more.notify_all()

    def all(self) -> Sequence[Said]:
        """Give everything."""
        with self._more:
            return tuple(self._all)

    def of(self, kind: type[_T]) -> list[_T]:
        """Give what is of one kind."""
        return [each for each in self.all() if isinstance(each, kind)]

    def wait(self, met: Callable[[Said], bool], timeout_s: float = PATIENCE_S) -> Said:
        """Wait for what meets a condition."""
        with self._more:
            if not self._more.wait_for(lambda: any(met(each) for each in self._all), timeout_s):
                raise TimeoutError(f"not said: {self._all[-3:]}")
            return next(each for each in self._all if met(each))

    def wait_for_stages(self, count: int, timeout_s: float = PATIENCE_S) -> None:
        """Wait for a number of stages."""
        self.wait(lambda _: sum(isinstance(each, Stage) for each in self._all) >= count, timeout_s)

    def end(self, timeout_s: float = PATIENCE_S) -> Finished | Broke:
        """Wait for the end."""
        found = self.wait(lambda said: isinstance(said, Finished | Broke), timeout_s)
        assert isinstance(found, Finished | Broke)
        return found

    def outcome(self) -> Outcome:
        """Wait for the outcome."""
        end = self.end()
        assert isinstance(end, Finished), end
        return end.outcome

    def broke(self) -> Broke:
        """Wait for the run to break."""
        end = self.end()
        assert isinstance(end, Broke), end
        return end

    def used(self) -> dict[str, tuple[int, int]]:
        """Sum the tokens read and written by each model."""
        return sums(each.spent for each in self.of(Used))

    def staged(self) -> dict[str, tuple[int, int]]:
        """Sum the same tokens, as the stages say them."""
        return sums(spent for stage in self.of(Stage) for spent in stage.spent)

    def costs(self, model: str) -> list[Used]:
        """Give the calls of a model."""
        return [each for each in self.of(Used) if each.spent.model == model]

    def calls(self) -> int:
        """Count the calls of the models."""
        return sum(each.spent.calls for each in self.of(Used))

    def nodes(self) -> list[str]:
        """Give the nodes that have finished."""
        return [each.node for each in self.of(Stage) if each.node]

    def text(self) -> str:
        """Give everything as one text."""
        return repr(self.all())


def sums(spent: Iterable[Spent]) -> dict[str, tuple[int, int]]:
    """Sum tokens by model."""
    found: dict[str, tuple[int, int]] = {}
    for each in spent:
        read, written = found.get(each.model, (0, 0))
        found[each.model] = (read + each.input_tokens, written + each.output_tokens)
    return found


@dataclass(frozen=True)
class Team:
    """An engine's adapter, and what it was built of."""

    analyst: AgentAnalyst
    data: AgentData
    engine: Engine
    checkout: Path
    python: Path
    settings: AgentSettings
    folder: Path

    def start(self, ask: Ask, name: str = "job") -> tuple[Run, Heard]:
        """Start or resume a run in a folder of its own."""
        heard = Heard()
        return self.analyst.start(ask, self.folder / name, heard.say), heard

    def with_python(self, python: Path) -> "Team":
        """Give the same under another interpreter."""
        return team(self.engine, self.checkout, python, self.settings, self.folder)


def team(
    engine: Engine,
    checkout: Path,
    python: Path,
    settings: AgentSettings,
    folder: Path,
    markets: Markets | None = None,
) -> Team:
    """Build an adapter as the manager does, on the sample market unless told otherwise."""
    data = AgentData(markets or open_markets(ALL_MARKETS, WALL), ManualClock())

    def concluded(ask: Ask, told: Told, calls: Sequence[ToolCall]) -> Outcome:
        return conclude(ask, told, calls, data.seen(ask))

    analyst = AgentAnalyst(
        engine,
        Place(str(checkout), str(python), folder, folder / "agents"),
        settings,
        answer=data.answer,
        conclude=concluded,
        spell=vendor_symbol,
    )
    return Team(analyst, data, engine, checkout, python, settings, folder)
