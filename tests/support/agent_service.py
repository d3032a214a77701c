"""A whole `tacore up` that runs agent jobs: stand-ins of both engines against a scripted model server."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
import psutil
import yaml

from tests.support.agents import standin
from tests.support.model_server import ModelServer
from tests.support.operations import is_running
from tests.support.service import Service, wait_until

CONFIG = Path(__file__).parents[2] / "config" / "trading_config.yaml"
KEY = "sk-canary-7f3a91c2e85b4d06"
"""The models' key, which must be found nowhere but in its file and in the children's environment."""
PRICE = {"quick-model": {"input": 1, "output": 2}, "deep-model": {"input": 10, "output": 20}}
"""Per million tokens."""
ENDED = ("done", "failed", "cancelled")
DAY = "2013-02-28"
"""A session of the sample market, whose last one is the next day's."""


class AgentService(Service):
    """Starts with the context. ``server`` is the models'; ``agents`` are keys of that section.

    It looks at the sample market, where AAPL has real prices and nothing else.
    """

    def __init__(
        self, home: Path, workers: int = 1, agents: Mapping[str, Any] | None = None, **settings: Any
    ) -> None:
        self.server = ModelServer(KEY)
        places: dict[str, Any] = {}
        engines = home / "engines"
        for name, engine in (("cn", "tradingagents_cn"), ("tauric", "tradingagents")):
            checkout, python = standin(engine, engines)  # type: ignore[arg-type]
            places |= {f"agents__{name}_path": str(checkout), f"agents__{name}_python": str(python)}
        self._configure(home, agents or {})
        super().__init__(home, workers, "up", agents=True, **places, **settings)

    def __enter__(self) -> Self:
        self.server.__enter__()
        try:
            super().__enter__()
        except BaseException:
            self.server.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            super().__exit__(kind, error, trace)
        finally:
            self.server.__exit__(None, None, None)

    def ask(self, **params: Any) -> dict[str, Any]:
        """Submit a job that is like no other; give its view."""
        asked = {"symbol": "AAPL", "date": DAY, "fresh": True} | params
        told: dict[str, Any] = self.client.call("analyze.agents", asked, timeout_s=30)
        return told

    def job(self, job_id: str, **params: Any) -> dict[str, Any]:
        """Give a job's view."""
        told: dict[str, Any] = self.client.call("get.job", {"job_id": job_id} | params, timeout_s=45)
        return told

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method."""
        told: dict[str, Any] = self.client.call(method, params, timeout_s=30)
        return told

    def until(self, job_id: str, holds: Callable[[dict[str, Any]], object], what: str) -> dict[str, Any]:
        """Wait until something holds of a job; give its view then."""
        seen: dict[str, Any] = {}

        def looks() -> object:
            seen.update(self.job(job_id, after_id=seen.get("last_event_id", 0), wait_s=0.5))
            return holds(seen)

        try:
            wait_until(looks, what)
        except AssertionError as error:
            raise AssertionError(f"{error}\nit is {seen}\n{self.log()}") from None
        return self.job(job_id)

    def ended(self, job_id: str) -> dict[str, Any]:
        """Wait until a job has ended; give its view then."""
        return self.until(job_id, lambda job: job["state"] in ENDED, "the job ends")

    def whole(self, **params: Any) -> dict[str, Any]:
        """Run a job to its end."""
        return self.ended(self.ask(**params)["job_id"])

    def manager(self) -> psutil.Process:
        """Give the process of the job manager."""
        all_there = self.health()["components"]["workers"]["workers"]
        (manager,) = [each for each in all_there if each["pool"] == "agents"]
        return psutil.Process(manager["pid"])

    def runs(self) -> list[psutil.Process]:
        """List the living processes that run agents, whoever is their parent."""
        return [each for each in psutil.process_iter() if self._is_run(each)]

    def living(self) -> list[psutil.Process]:
        """List the living processes of this service, its runs included, which inherit no mark."""
        return [*super().living(), *self.runs()]

    def _configure(self, home: Path, agents: Mapping[str, Any]) -> None:
        (home / "config").mkdir(parents=True, exist_ok=True)
        (home / "secrets").mkdir()
        (home / "secrets" / "model_key").write_text(KEY)
        (home / "secrets" / "model_key").chmod(0o600)
        trading = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
        model = {"base_url": self.server.url, "quick": "quick-model", "deep": "deep-model", "timeout_s": 30}
        trading["agents"] |= {
            "model": trading["agents"]["model"] | model | {"api_key_file": "secrets/model_key"},
            "prices": PRICE,
            "retries": {"attempts": 3, "backoff_s": 0.1, "backoff_max_s": 1},
            **agents,
        }
        (home / "config" / "trading_config.yaml").write_bytes(msgspec.yaml.encode(trading))

    def _is_run(self, process: psutil.Process) -> bool:
        try:
            words = process.cmdline()
            return bool(words) and words[0].startswith(str(self.home)) and is_running(process)
        except psutil.Error:
            return False
