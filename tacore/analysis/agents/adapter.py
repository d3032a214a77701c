"""The Analyst port for both engines: what they lack, and a process of its own for each run."""

import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tacore.analysis.agents.checkout import interpreter_of, problem_of, version_of
from tacore.analysis.agents.child import Child, Launch
from tacore.analysis.agents.engines import ENGINE_FACTS
from tacore.analysis.agents.run import AgentRun, Answer, Conclude, Desk, Errand
from tacore.errors import ConfigurationError, Unavailable
from tacore.model.jobs import Ask, Engine
from tacore.ports.analyst import Run, Say
from tacore.settings.secrets import secret

if TYPE_CHECKING:
    from tacore.model.agents import AgentSettings  # pydantic, which only the manager's process needs

RUNNER = Path(__file__).with_name("runner.py")
_MILLION = 1_000_000
_SETTLE_S = 2.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where an engine is: ``checkout`` and ``python`` as configured, "" where they are not.

    ``folder`` is where processes that are kept ready have theirs.
    """

    checkout: str
    python: str
    home: Path
    folder: Path


class AgentAnalyst:
    """Runs an engine's agents, each run in a process under the interpreter of its checkout.

    ``spell`` gives a symbol of a market as a vendor writes it.
    """

    def __init__(
        self,
        engine: Engine,
        place: Place,
        settings: "AgentSettings",
        *,
        answer: Answer,
        conclude: Conclude,
        spell: Callable[[str, str, str], str],
    ) -> None:
        self._facts = ENGINE_FACTS[engine]
        self._place, self._settings, self._spell = place, settings, spell
        self._desk = Desk(answer, conclude, self._price)
        self._lock = threading.Lock()
        self._ready: list[tuple[Child, Path, str]] = []
        self._runs: list[AgentRun] = []
        self._closed = self._swept = False

    @property
    def name(self) -> str:
        """The engine, as in an ask."""
        return self._facts.name

    @property
    def version(self) -> str:
        """The checkout's version and commit; "" where there is none."""
        return version_of(self._checkout()) if self._place.checkout else ""

    def check(self, ask: Ask) -> None:
        """Raise Unavailable, naming what to set, where no run could begin."""
        lacking = dict(self._lacking())
        if not ask.quick_model:
            lacking["agents.model.quick"] = "the name of a model"
        if lacking:
            words = "; ".join(f"{name} has to be {what}" for name, what in lacking.items())
            message = f"{self._facts.title} can't run: {words}"
            raise Unavailable(message, retryable=False, details={"set": list(lacking), "lacking": lacking})

    def start(self, ask: Ask, folder: Path, say: Say) -> Run:
        """Begin a run, or go on after the last finished node that the folder keeps."""
        self.check(ask)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        key = self._key()
        checkout = self._checkout()
        errand = Errand(
            ask=ask,
            order=self.order(ask, folder),
            folder=folder,
            course=self._facts.course(ask),
            engine_version=version_of(checkout),
            secret=key,
        )
        child, scratch = self._take(key) or (self._spawn(folder, key), None)
        try:
            run = AgentRun(child, errand, self._desk, say, scratch)
        except OSError as error:
            child.discard()
            raise Unavailable(f"no run can begin in {folder}: {error}") from error
        with self._lock:
            self._runs = [each for each in self._runs if not each.over] + [run]
        run.begin()
        return run

    def warm(self) -> None:
        """Have processes ready for the next runs, as many as are configured and at least one."""
        key = self._key()
        with self._lock:
            self._ready = [each for each in self._ready if self._fit(each, key)]
            if self._closed or len(self._ready) >= max(1, self._settings.warm):
                return
            self._sweep()
            scratch = Path(tempfile.mkdtemp(prefix=f"warm-{self.name}-", dir=self._place.folder))
            self._ready.append((self._spawn(scratch, key), scratch, key))

    def wait_warm(self, timeout_s: float) -> bool:
        """Wait until the processes that are kept ready have imported the engine."""
        with self._lock:
            ready = [child for child, _, _ in self._ready]
        return all(child.speaks(timeout_s) for child in ready)

    def close(self) -> None:
        """End every process."""
        with self._lock:
            self._closed = True
            ready, self._ready = self._ready, []
            runs, self._runs = self._runs, []
        for child, scratch, _ in ready:
            child.discard()
            shutil.rmtree(scratch, ignore_errors=True)
        for run in runs:
            run.kill()
            run.settle(_SETTLE_S)

    def order(self, ask: Ask, folder: Path) -> Mapping[str, object]:
        """Give what a runner is told to do."""
        vendor = self._facts.symbols_as.get(ask.market)
        model = self._settings.model
        return {
            "ask": msgspec.to_builtins(ask),
            "symbol": self._spell(ask.symbol, ask.market, vendor) if vendor else ask.symbol,
            "folder": str(folder.absolute()),
            "model": {
                "base_url": model.base_url,
                "temperature": model.temperature,
                "max_answer_tokens": model.max_answer_tokens,
                "timeout_s": model.timeout_s,
            },
        }

    def _sweep(self) -> None:
        """Make the folder of the processes that are kept ready; once, without what a killed manager left."""
        folder = self._place.folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for each in () if self._swept else folder.glob(f"warm-{self.name}-*"):
            shutil.rmtree(each, ignore_errors=True)
        self._swept = True

    def _lacking(self) -> Mapping[str, str]:
        """Name the settings that lack something, with what they have to name."""
        lacking: dict[str, str] = {}
        if problem := problem_of(self._checkout() if self._place.checkout else None, self._facts.name):
            lacking[self._facts.path_name] = f"the folder of {problem}"
        if interpreter_of(self._place.python) is None:
            lacking[self._facts.python_name] = f"an interpreter: {self._place.python} is none"
        if not self._settings.model.quick:
            lacking["agents.model.quick"] = "the name of a model"
        try:
            self._key()
        except ConfigurationError as error:
            model = self._settings.model
            if model.api_key_file:
                lacking["agents.model.api_key_file"] = f"a file with the key ({error.message})"
            else:
                lacking[model.api_key_env] = (
                    "the key of the model's server (or agents.model.api_key_file a file with it)"
                )
        return lacking

    def _checkout(self) -> Path:
        return (self._place.home / Path(self._place.checkout).expanduser()).absolute()

    def _key(self) -> str:
        model = self._settings.model
        file = Path(model.api_key_file).expanduser() if model.api_key_file else None
        return secret("the model's server", file, model.api_key_env, self._place.home)

    def _take(self, key: str) -> tuple[Child, Path] | None:
        """Take a process that is ready, if there is one that lives and has this key."""
        with self._lock:
            self._ready = [each for each in self._ready if self._fit(each, key)]
            return self._ready.pop(0)[:2] if self._ready else None

    def _fit(self, ready: tuple[Child, Path, str], key: str) -> bool:
        child, scratch, its_key = ready
        if child.alive() and its_key == key:
            return True
        child.discard()
        shutil.rmtree(scratch, ignore_errors=True)
        return False

    def _spawn(self, folder: Path, key: str) -> Child:
        """Start a process that imports the engine, and knows nothing else yet."""
        python = interpreter_of(self._place.python)
        if python is None:
            raise Unavailable(f"{self._facts.python_name}: there is no {self._place.python}")
        environment = {
            "PATH": os.defpath,
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "OPENAI_API_KEY": key,
        }
        # Isolated, for beside the runner lie modules with names of the standard library's.
        child = Child(Launch((python, "-I", "-B", str(RUNNER)), folder, environment))
        child.send({"engine": self.name, "checkout": str(self._checkout())})
        return child

    def _price(self, model: str, read: int, written: int) -> Decimal | None:
        price = self._settings.prices.get(model)
        return None if price is None else (read * price.input + written * price.output) / _MILLION
