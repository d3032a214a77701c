"""One run of a team of agents under the interpreter of an engine's checkout: this file, nothing of tacore.

Started as ``PYTHON -I -B runner.py`` in a private folder, with the model's key as OPENAI_API_KEY. JSON lines
come on standard input and go to standard output:

    in   {"engine", "checkout"}                             import the engine; nothing is run yet
         {"ask", "symbol", "folder", "model": {"base_url", "temperature", "max_answer_tokens", "timeout_s"}}
         {"answer": n, "text"}                              to a question
    out  {"kind": "ready"}                                  the engine is imported
         {"kind": "stage", "node", "next", "spent"}         a node ("": none yet) has finished and is kept
         {"kind": "sent", "n", "node", "model", "input", "output"}   a call begins; its tokens at most
         {"kind": "spared", "n"}                            it has failed, and used nothing
         {"kind": "used", "n", "node", "model", "calls", "input", "output", "estimated"}      is answered
         {"kind": "need", "n", "node", "tool", "arguments"}               a question for data
         {"kind": "wrote", "name", "title", "text"}
         {"kind": "told", "signal", "answer", "final_text", "reports", "debates", "failed", "cut"}
                                                            the end
         {"kind": "broke", "code", "message", "passing", "retry_after_s"}              the other end

``ask`` is an Ask, ``symbol`` its symbol as the engine writes it, ``spent`` what was used since the last
stage. The folder keeps a checkpoint after each node, from which the same ask goes on. End of file on standard
input ends the process at once, whatever it is doing. What anything prints goes to standard error.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import itertools
import json
import logging
import math
import os
import queue
import re
import sys
import threading
import traceback
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

LONGEST = 200_000
"""Characters of a text that are told."""
LONGEST_MESSAGE = 1000
SHORTEST_SECRET = 8
GRACE_S = 5.0
"""How much longer than its time limit a call may take: the client's limit is for each read."""
STEPS = 300
"""Nodes of a run at most: a model that asks for data for ever costs for ever."""
YEAR = 365

REPORTS = {
    "market_report": ("market", "Market analyst"),
    "sentiment_report": ("social", "Sentiment analyst"),
    "news_report": ("news", "News analyst"),
    "fundamentals_report": ("fundamentals", "Fundamentals analyst"),
    "investment_plan": ("investment_plan", "Research manager"),
    "trader_investment_plan": ("trader_investment_plan", "Trader"),
    "final_trade_decision": ("final_trade_decision", "Final decision"),
}
"""By the key of the engines' state: the report's name and title."""
SPEECHES = {"investment_debate_state": "investment", "risk_debate_state": "risk"}
SPEAKER = re.compile(r"^(Bull|Bear|Risky|Safe|Neutral|Aggressive|Conservative) Analyst: ", re.MULTILINE)
TOOL_NODES = {
    "tools_market": "Market Analyst",
    "tools_social": "Social Analyst",
    "tools_news": "News Analyst",
    "tools_fundamentals": "Fundamentals Analyst",
}
"""Whose look at data it is that a node of tools carries out."""


class ModelDown(BaseException):
    """The model gave no answer. No Exception: the engines' nodes catch those, and decide by default."""


class Broken(Exception):
    """The run can't go on, for a reason that is known."""

    def __init__(
        self, code: str, message: str, *, passing: bool = False, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message)
        self.code, self.passing, self.retry_after_s = code, passing, retry_after_s


# --- the parent


class Parent:
    """The pipe to the parent; any thread may tell and ask."""

    def __init__(self, reading: int, writing: int) -> None:
        self._reading, self._writing = reading, writing
        self._writes = threading.Lock()
        self._lines: queue.Queue[dict[str, Any]] = queue.Queue()
        self._asked: dict[int, queue.Queue[str]] = {}
        threading.Thread(target=self._read, name="parent", daemon=True).start()

    def tell(self, kind: str, **fields: Any) -> None:
        """Write one line."""
        line = json.dumps({"kind": kind, **plain(fields)}, allow_nan=False).encode() + b"\n"
        with self._writes:
            while line:
                line = line[os.write(self._writing, line) :]

    def order(self) -> dict[str, Any]:
        """Wait for the next line that is no answer."""
        return self._lines.get()

    def ask(self, node: str, tool: str, arguments: dict[str, Any]) -> str:
        """Ask for data and wait for the text."""
        answer: queue.Queue[str] = queue.Queue()
        with self._writes:
            number = len(self._asked) + 1
            self._asked[number] = answer
        self.tell("need", n=number, node=node, tool=tool, arguments=arguments)
        return answer.get()

    def _read(self) -> None:
        with contextlib.suppress(OSError, ValueError), os.fdopen(self._reading, "rb") as lines:
            for line in lines:
                order = json.loads(line)
                if "answer" in order:
                    self._asked[order["answer"]].put(order["text"])
                else:
                    self._lines.put(order)
        os._exit(3)


def plain(value: Any) -> Any:
    """Give a value as JSON can hold it: texts without the key, of bounded length, of whole characters."""
    if isinstance(value, str):
        secret = os.environ.get("OPENAI_API_KEY", "")
        whole = without_pieces(value[: LONGEST + len(secret)], secret)
        return whole[:LONGEST].encode("utf-8", "replace").decode()
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return plain(str(value))


def without_pieces(text: str, secret: str) -> str:
    """Take the key out of a text, and whatever piece of it is long enough to be of use."""
    hidden: set[int] = set()
    for first in range(len(secret) - SHORTEST_SECRET + 1):
        piece = secret[first : first + SHORTEST_SECRET]
        at = text.find(piece)
        while at >= 0:
            hidden.update(range(at, at + SHORTEST_SECRET))
            at = text.find(piece, at + 1)
    if not hidden:
        return text
    parts = itertools.groupby(enumerate(text), lambda each: each[0] in hidden)
    return "".join("[key]" if key else "".join(mark for _, mark in part) for key, part in parts)


# --- the calls of the models


class Troubles:
    """What failed and whose answers were cut off, in all attempts: a resumed run goes on after them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self.of: dict[str, list[str]] = {"failed": [], "cut": []}
        if path.exists():
            self.of.update(json.loads(path.read_bytes()))

    def add(self, kind: str, what: str) -> None:
        """Keep one, once."""
        what = plain(what)[:LONGEST_MESSAGE]
        with self._lock:
            if what not in self.of[kind]:
                self.of[kind].append(what)
                replace(self._path, json.dumps(self.of).encode(), flush=True)


class Calls:
    """Counts the calls of the models, and turns their failures into ends of the run."""

    def __init__(self, parent: Parent, model: dict[str, Any], troubles: Troubles) -> None:
        self._parent, self._troubles = parent, troubles
        self._timeout_s, self._longest = float(model["timeout_s"]), model["max_answer_tokens"]
        self._open: dict[Any, dict[str, Any]] = {}
        self._sent = 0
        self.spent: list[dict[str, Any]] = []
        self.answer: str | None = None

    def handler(self) -> Any:
        """Make the callback handler that LangChain calls."""
        base: Any = importlib.import_module("langchain_core.callbacks").BaseCallbackHandler
        return type(
            "Ledger",
            (base,),
            {
                "raise_error": True,
                "on_chat_model_start": lambda _, model, messages, **more: self._began(messages, **more),
                "on_llm_end": lambda _, response, **more: self._ended(response, **more),
                "on_llm_error": lambda _, error, **more: self._failed(error, **more),
                "on_tool_error": lambda _, error, **more: self._troubles.add(
                    "failed", f"{type(error).__name__}: {error}"
                ),
            },
        )()

    def take_spent(self) -> list[dict[str, Any]]:
        """Give what was used since the last time."""
        taken, self.spent = self.spent, []
        return taken

    def guard(self, model: Any) -> None:
        """Have a model's failures end the run, and its calls end in time."""
        original = model._generate

        def generate(*args: Any, **more: Any) -> Any:
            overdue = threading.Timer(self._timeout_s + GRACE_S, self._overdue)
            overdue.daemon = True
            overdue.start()
            try:
                return with_usage(original(*args, **more))
            except Exception as error:
                raise ModelDown(error) from error
            finally:
                overdue.cancel()

        # Past pydantic, which knows no such field; it stays with the model through bind_tools and the like.
        object.__setattr__(model, "_generate", generate)

    def _began(
        self, messages: Any, *, run_id: Any, metadata: Any = None, invocation_params: Any = None, **_: Any
    ) -> None:
        params = invocation_params or {}
        self._sent += 1
        texts = [text_of(each) for batch in messages for each in batch]
        sent = {
            "n": self._sent,
            "node": (metadata or {}).get("langgraph_node") or "",
            "model": str(params.get("model") or params.get("model_name") or ""),
            "input": tokens_at_most("".join([*texts, str(params.get("tools") or "")])),
        }
        self._open[run_id] = sent
        self._parent.tell("sent", **sent, output=self._longest)

    def _ended(self, response: Any, *, run_id: Any, **_: Any) -> None:
        sent = self._open.pop(run_id, {"n": 0, "node": "", "model": "", "input": 0})
        message = response.generations[0][0].message
        said = message.usage_metadata or {}
        read, written = said.get("input_tokens"), said.get("output_tokens")
        text = text_of(message)
        # No prompt has no tokens, nor has an answer of words.
        counted = isinstance(read, int) and isinstance(written, int) and read != 0
        counted = counted and (written != 0 or not text)
        used = {
            **sent,
            "calls": 1,
            "input": read if counted else sent["input"],
            "output": written if counted else len(text),
            "estimated": not counted,
        }
        if (message.response_metadata or {}).get("finish_reason") == "length":
            self._troubles.add("cut", sent["node"])
        self.spent.append(used)
        self.answer = (
            message.content if isinstance(message.content, str) else json.dumps(plain(message.content))
        )
        self._parent.tell("used", **used)

    def _failed(self, error: BaseException, *, run_id: Any, **_: Any) -> None:
        """Say of a call that its server refused or never had that it used nothing; another may have."""
        cause = error.args[0] if isinstance(error, ModelDown) else error
        if unused(cause) and (sent := self._open.pop(run_id, None)):
            self._parent.tell("spared", n=sent["n"])

    def _overdue(self) -> None:
        message = f"no whole answer within {self._timeout_s:g} s (agents.model.timeout_s)"
        self._parent.tell("broke", code="model_timeout", message=message, passing=True, retry_after_s=None)
        os._exit(4)


def with_usage(answer: Any) -> Any:
    """Have an answer's usage be a mapping: without one TradingAgents-CN's risk judge decides by default."""
    output = getattr(answer, "llm_output", None)
    if isinstance(output, dict) and output.get("token_usage", {}) is None:
        output["token_usage"] = {}
    return answer


def text_of(message: Any) -> str:
    """Give all that a message says: its content, and the tools that it calls."""
    content = message.content if isinstance(message.content, str) else str(message.content)
    calls = getattr(message, "tool_calls", None)
    return content + (str(calls) if calls else "")


def tokens_at_most(text: str) -> int:
    """Estimate a text's tokens upwards: a character of ASCII is half a token, any other a whole one."""
    ascii_only = len(text.encode("ascii", "ignore"))
    return len(text) - ascii_only // 2


def unused(error: BaseException) -> bool:
    """Tell whether a call that failed has surely used no tokens: it was refused, or never sent."""
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        return status not in TIMED_OUT
    names: set[str] = set()
    cause = error.__cause__ or error.__context__
    for _ in range(10):  # causes may go round
        if cause is None:
            break
        names.update(each.__name__ for each in type(cause).__mro__)
        cause = cause.__cause__ or cause.__context__
    return bool(names & {"ConnectError", "ConnectTimeout", "PoolTimeout", "ConnectionRefusedError"})


TIMED_OUT = (408, 504)
FAILURES = {
    401: ("model_unauthorized", "the model's server refuses the key", False),
    402: ("model_quota", "the account at the model's server is used up", False),
    403: ("model_unauthorized", "the model's server refuses the key", False),
    408: ("model_timeout", "the model's server took too long", True),
    409: ("model_unavailable", "the model's server is busy", True),
    429: ("model_rate_limited", "the model's server asks for fewer calls", True),
}
"""By HTTP status: the code, what it means, and whether it passes."""


def broken_by(error: BaseException) -> Broken:
    """Tell what a model's failure means for the run."""
    status = getattr(error, "status_code", None)
    if getattr(error, "code", None) == "insufficient_quota":
        status = 402
    names = {each.__name__ for each in type(error).__mro__}
    text = f"{type(error).__name__}: {error}"
    if isinstance(status, int):
        other = ("model_refused", "the model's server refuses the request", False)
        down = ("model_unavailable", "the model's server failed", True)
        code, words, passing = FAILURES.get(status, down if status >= 500 else other)  # noqa: PLR2004
        # Of a key that is wrong, the server repeats a part.
        detail = "" if code == "model_unauthorized" else f": {text}"
        message = f"{words} (HTTP {status}){detail}"
        return Broken(code, message, passing=passing, retry_after_s=retry_after(error))
    if "APITimeoutError" in names:
        return Broken("model_timeout", f"the model's server gave no answer in time: {text}", passing=True)
    if "APIConnectionError" in names:
        cause = error.__cause__ or error
        return Broken("model_unavailable", f"no connection to the model's server: {cause}", passing=True)
    message = f"the model's server gave an answer that can't be read: {text}"
    return Broken("model_answer_unreadable", message, passing=True)


def retry_after(error: BaseException) -> float | None:
    """Give the seconds that the server asked to wait, where it did."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    try:
        seconds = float(headers.get("retry-after") or "")
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


# --- the checkpoint


def newest_checkpoint(path: Path) -> Any:
    """Make a saver that keeps what a resumed run needs: the newest checkpoint and, beside it, later writes.

    What is written after a checkpoint survives the process; the checkpoint survives the machine too.
    """
    memory: Any = importlib.import_module("langgraph.checkpoint.memory")
    form: Any = importlib.import_module("langgraph.checkpoint.serde.jsonplus")
    serde = form.JsonPlusSerializer(pickle_fallback=False)
    saver = memory.InMemorySaver(serde=serde)
    put, put_writes = saver.put, saver.put_writes
    beside = path.with_name(path.name + ".writes")
    lock = threading.RLock()
    newest = {"id": ""}
    later: list[Any] = []

    def new_put(config: Any, checkpoint: Any, metadata: Any, versions: Any) -> Any:
        with lock:
            given = put(config, checkpoint, metadata, versions)
            newest["id"] = checkpoint["id"]
            later.clear()
            replace(path, pack(serde, [place(config), checkpoint, plain(dict(metadata))]), flush=True)
            return given

    def new_put_writes(config: Any, writes: Any, task_id: str, task_path: str = "") -> None:
        with lock:
            put_writes(config, writes, task_id, task_path)
            if config["configurable"].get("checkpoint_id") == newest["id"]:
                later.append([place(config), list(writes), task_id, task_path])
                replace(beside, pack(serde, [newest["id"], later]))

    if path.exists():
        try:
            config, checkpoint, metadata = unpack(serde, path)
            put(config, checkpoint, metadata, checkpoint["channel_versions"])
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            message = f"{path.name} can't be read ({reason}); without it the job starts anew"
            raise Broken("checkpoint_unreadable", message) from error
        newest["id"] = checkpoint["id"]
        with contextlib.suppress(Exception):  # torn by a machine that went down: the node is run again
            owner, writes_of_it = unpack(serde, beside)
            later += writes_of_it if owner == newest["id"] else []
        for config, writes, task_id, task_path in later:
            put_writes(config, [tuple(each) for each in writes], task_id, task_path)
    saver.put, saver.put_writes = new_put, new_put_writes
    return saver


def pack(serde: Any, value: Any) -> bytes:
    """Bring a value into the form of a file."""
    form, packed = serde.dumps_typed(value)
    return bytes(form.encode() + b"\n" + packed)


def unpack(serde: Any, path: Path) -> Any:
    """Read such a file."""
    form, _, packed = path.read_bytes().partition(b"\n")
    return serde.loads_typed((form.decode(), packed))


def place(config: Any) -> dict[str, Any]:
    """Give the part of a config that says where a checkpoint belongs."""
    known = ("thread_id", "checkpoint_ns", "checkpoint_id")
    return {
        "configurable": {key: config["configurable"][key] for key in known if key in config["configurable"]}
    }


def replace(path: Path, data: bytes, *, flush: bool = False) -> None:
    """Write a file so that there is always a whole one, with ``flush`` even if the machine goes down."""
    new = path.with_name(path.name + ".new")
    with new.open("wb") as file:
        file.write(data)
        file.flush()
        if flush:
            os.fsync(file.fileno())
    new.replace(path)


# --- the data


class Data:
    """The engines' questions, brought to the parent's tools: prices, fundamentals, news, sentiment, info."""

    def __init__(self, parent: Parent) -> None:
        self._parent = parent
        self._info = ""
        self.symbol = self.own_symbol = self.node = ""

    def get(self, tool: str, symbol: str, **arguments: Any) -> str:
        """Ask the parent; what the engine calls the symbol becomes what tacore calls it."""
        arguments = {name: value for name, value in arguments.items() if value not in (None, "")}
        arguments["symbol"] = self.own_symbol if str(symbol).strip() == self.symbol else symbol
        return self._parent.ask(TOOL_NODES.get(self.node, self.node), tool, arguments)

    def info(self) -> str:
        """Describe the instrument; asked once."""
        self._info = self._info or self.get("info", self.symbol)
        return self._info

    def said(self, what: str) -> str:
        """Give one line of the description: Name, Sector, Currency ..."""
        found = re.search(rf"^{what}: (.+)$", self.info(), re.MULTILINE)
        return found[1].strip() if found else ""


# --- TradingAgents-CN


def import_cn(data: Data) -> Any:
    """Import the engine and have its tools ask the parent."""
    graph: Any = importlib.import_module("tradingagents.graph.trading_graph")
    tools: Any = importlib.import_module("tradingagents.agents.utils.agent_utils")
    news: Any = importlib.import_module("tradingagents.agents.analysts.news_analyst")
    interface: Any = importlib.import_module("tradingagents.dataflows.interface")
    sources: Any = importlib.import_module("tradingagents.dataflows.data_source_manager")
    hong_kong: Any = importlib.import_module("tradingagents.dataflows.providers.hk.improved_hk")
    tool: Any = importlib.import_module("langchain_core.tools").tool
    for each in cn_tools(data):
        setattr(tools.Toolkit, each.__name__, tool(each))
    news.create_unified_news_tool = lambda _toolkit: cn_news(data)
    interface.get_china_stock_info_unified = lambda _ticker: data.info()
    sources.get_china_stock_info_unified = lambda _ticker: {"name": data.said("Name")}
    hong_kong.get_hk_company_name_improved = lambda _symbol: data.said("Name")
    return graph


def cn_tools(data: Data) -> Any:
    """Make the tools that the engine's models know by name and signature."""

    def get_stock_market_data_unified(ticker: str, start_date: str, end_date: str) -> str:
        """Get a stock's prices and technical indicators (行情与技术指标); dates are YYYY-MM-DD."""
        return data.get("prices", ticker, start=start_date, end=end_date)

    def get_stock_fundamentals_unified(
        ticker: str, start_date: str = "", end_date: str = "", curr_date: str = ""
    ) -> str:
        """Get a stock's company figures (基本面); dates are YYYY-MM-DD."""
        return data.get("fundamentals", ticker)

    def get_stock_sentiment_unified(ticker: str, curr_date: str) -> str:
        """Get what investors feel about a stock (情绪); the date is YYYY-MM-DD."""
        return data.get("sentiment", ticker)

    def get_stock_news_unified(ticker: str, curr_date: str) -> str:
        """Get a stock's news (新闻); the date is YYYY-MM-DD."""
        return data.get("news", ticker)

    return (
        get_stock_market_data_unified,
        get_stock_fundamentals_unified,
        get_stock_sentiment_unified,
        get_stock_news_unified,
    )


def cn_news(data: Data) -> Any:
    """Make the news analyst's own tool, which the engine calls as a plain function with a name."""

    def get_stock_news_unified(stock_code: str, max_news: int = 10, model_info: str = "") -> str:
        """Get a stock's news (新闻).

        Args:
            stock_code (str): the stock (股票代码)
            max_news (int): how many at most
            model_info (str): the model that asks
        """
        return data.get("news", stock_code)

    get_stock_news_unified.name = "get_stock_news_unified"  # type: ignore[attr-defined]
    return get_stock_news_unified


def build_cn(module: Any, order: dict[str, Any]) -> Any:
    """Build the engine's graph with our tools alone: a model may call any tool that a node of tools has."""
    ask, model = order["ask"], order["model"]
    node: Any = importlib.import_module("langgraph.prebuilt").ToolNode

    def tool_nodes(team: Any) -> dict[str, Any]:
        kit = team.toolkit
        return {
            "market": node([kit.get_stock_market_data_unified]),
            "social": node([kit.get_stock_sentiment_unified]),
            "news": node([kit.get_stock_news_unified]),
            "fundamentals": node([kit.get_stock_fundamentals_unified]),
        }

    team_class: Any = type("Team", (module.TradingAgentsGraph,), {"_create_tool_nodes": tool_nodes})
    of_model = {key: model[name] for key, name in (("temperature", "temperature"), ("timeout", "timeout_s"))}
    of_model["max_tokens"] = model["max_answer_tokens"]
    config = {
        "project_dir": str(Path("project").absolute()),
        "results_dir": str(Path("results").absolute()),
        "data_dir": str(Path("data").absolute()),
        "data_cache_dir": str(Path("cache").absolute()),
        "llm_provider": "openai",  # the others put part of the key into their logs
        "backend_url": model["base_url"],
        "quick_think_llm": ask["quick_model"],
        "deep_think_llm": ask["deep_model"],
        "quick_model_config": of_model,
        "deep_model_config": of_model,
        "max_debate_rounds": ask["debate_rounds"],
        "max_risk_discuss_rounds": ask["risk_rounds"],
        "memory_enabled": False,
        "online_tools": True,
        "online_news": True,
        "research_depth": "标准",
    }
    team = team_class(list(ask["analysts"]), debug=False, config=config)
    for llm in (team.quick_thinking_llm, team.deep_thinking_llm):
        # The client has its retries already; ours go on after the last node that has finished.
        llm.root_client.max_retries = 0
        llm.client = llm.root_client.chat.completions
    # The news analyst drops the answer of a model that calls its tool; to one whose class bears this name it
    # gives the news beforehand.
    quick = team.quick_thinking_llm
    quick.__class__ = type("ChatOpenAIDeepSeekStyle", (type(quick),), {})
    return team


def begin_cn(team: Any, order: dict[str, Any]) -> Any:
    """Give the state that the graph begins with."""
    return team.propagator.create_initial_state(order["symbol"], order["ask"]["date"])


def signal_cn(team: Any, order: Any, text: str, handler: Any) -> dict[str, Any]:
    """Have the engine read its decision: one more call, outside of the graph."""
    runnable: Any = importlib.import_module("langchain_core.runnables").RunnableLambda
    config = {"callbacks": [handler], "metadata": {"langgraph_node": "Signal"}}
    found: dict[str, Any] = runnable(lambda _: team.process_signal(text, order["symbol"])).invoke(
        None, config
    )
    return found


# --- TauricResearch's TradingAgents


def import_tauric(data: Data) -> Any:
    """Import the engine and have its data come from the parent."""
    graph: Any = importlib.import_module("tradingagents.graph.trading_graph")
    interface: Any = importlib.import_module("tradingagents.dataflows.interface")
    sentiment: Any = importlib.import_module("tradingagents.agents.analysts.sentiment_analyst")
    snapshot: Any = importlib.import_module("tradingagents.agents.utils.market_data_validation_tools")
    known = tauric_vendor(data)
    for method in interface.VENDOR_METHODS:
        # One that came later gets what the parent says of a tool that it does not have.
        unknown = lambda *_args, _method=method, **_more: data.get(_method, data.symbol)  # noqa: E731
        interface.VENDOR_METHODS[method] = {"tacore": known.get(method, unknown)}
    sentiment.fetch_stocktwits_messages = lambda ticker, *_args, **_more: data.get("sentiment", ticker)
    sentiment.fetch_reddit_posts = lambda _ticker, *_args, **_more: "No posts are available. Invent none."
    snapshot.build_verified_market_snapshot = lambda symbol, curr_date, look_back_days=30: data.get(
        "prices", symbol, end=curr_date, lookback_days=look_back_days
    )
    graph.resolve_instrument_identity = lambda _ticker: {
        name: said
        for name, line in (("company_name", "Name"), ("sector", "Sector"), ("exchange", "Market"))
        if (said := data.said(line))
    }
    return graph


def tauric_vendor(data: Data) -> dict[str, Any]:
    """Make the functions of a vendor of data that asks the parent."""

    def stock_data(symbol: str, start: str = "", end: str = "") -> str:
        return data.get("prices", symbol, start=start, end=end)

    def indicators(symbol: str, indicator: str, day: str = "", days: int = 30) -> str:
        return data.get("prices", symbol, end=day, lookback_days=days, indicators=[indicator])

    def statement(name: str) -> Any:
        def get(ticker: str, *_: Any, **__: Any) -> str:
            return data.get("fundamentals", ticker, statement=name)

        return get

    def fundamentals(ticker: str, *_: Any, **__: Any) -> str:
        return data.get("fundamentals", ticker)

    def news(ticker: str, start: str = "", end: str = "") -> str:
        return data.get("news", ticker, start=start, end=end)

    return {
        "get_stock_data": stock_data,
        "get_indicators": indicators,
        "get_fundamentals": fundamentals,
        "get_balance_sheet": statement("balance sheet"),
        "get_cashflow": statement("cash flow"),
        "get_income_statement": statement("income"),
        "get_news": news,
    }


def build_tauric(module: Any, order: dict[str, Any]) -> Any:
    """Build the engine's graph on our vendor alone."""
    ask, model = order["ask"], order["model"]
    interface: Any = importlib.import_module("tradingagents.dataflows.interface")
    defaults: Any = importlib.import_module("tradingagents.default_config").DEFAULT_CONFIG
    base: Any = module.TradingAgentsGraph

    def provider(team: Any) -> dict[str, Any]:
        return {**base._get_provider_kwargs(team), "timeout": model["timeout_s"], "max_retries": 0}

    team_class: Any = type("Team", (base,), {"_get_provider_kwargs": provider})
    config = {
        **defaults,
        "project_dir": str(Path("project").absolute()),
        "results_dir": str(Path("results").absolute()),
        "data_cache_dir": str(Path("cache").absolute()),
        "memory_log_path": None,
        "llm_provider": "openai",
        "backend_url": model["base_url"],
        "quick_think_llm": ask["quick_model"],
        "deep_think_llm": ask["deep_model"],
        "temperature": model["temperature"],
        "max_debate_rounds": ask["debate_rounds"],
        "max_risk_discuss_rounds": ask["risk_rounds"],
        "checkpoint_enabled": False,
        "data_vendors": dict.fromkeys(interface.TOOLS_CATEGORIES, "tacore"),
        "tool_vendors": {},
    }
    team = team_class(list(ask["analysts"]), debug=False, config=config)
    for llm in (team.quick_thinking_llm, team.deep_thinking_llm):
        llm.max_tokens = model["max_answer_tokens"]
    return team


def begin_tauric(team: Any, order: dict[str, Any]) -> Any:
    """Give the state that the graph begins with."""
    kind = "crypto" if order["ask"]["market"] == "CRYPTO" else "stock"
    context = team.resolve_instrument_context(order["symbol"], kind)
    return team.propagator.create_initial_state(
        order["symbol"], order["ask"]["date"], asset_type=kind, past_context="", instrument_context=context
    )


def signal_tauric(team: Any, _order: Any, text: str, _handler: Any) -> dict[str, Any]:
    """Have the engine read its decision, which makes no call."""
    return {"rating": team.process_signal(text)}


ENGINES = {
    "tradingagents_cn": SimpleNamespace(load=import_cn, build=build_cn, begin=begin_cn, signal=signal_cn),
    "tradingagents": SimpleNamespace(
        load=import_tauric, build=build_tauric, begin=begin_tauric, signal=signal_tauric
    ),
}


# --- a run

REHEARSAL = {
    "ask": {
        "analysts": ["market", "fundamentals", "news", "social"],
        "debate_rounds": 1,
        "risk_rounds": 1,
        "quick_model": "none",
        "deep_model": "none",
    },
    "model": {
        "base_url": "http://127.0.0.1:9/v1",
        "temperature": 0.0,
        "max_answer_tokens": 100,
        "timeout_s": 1.0,
    },
}
"""What a graph is built of that never runs."""


def prepare(checkout: str) -> None:
    """See that importing the engine reads no .env, writes nothing into its checkout and prints nothing."""
    os.environ.update(
        LANGGRAPH_STRICT_MSGPACK="true",
        MONGODB_ENABLED="false",
        REDIS_ENABLED="false",
        USE_MONGODB_STORAGE="false",
        TA_USE_APP_CACHE="false",
        ANONYMIZED_TELEMETRY="false",
        TRADINGAGENTS_LOG_LEVEL="CRITICAL",
        TRADINGAGENTS_LOG_DIR=str(Path("logs").absolute()),
    )
    # TradingAgents-CN takes the parent of its package for its root, and writes there. It follows no link.
    root = Path("src").absolute()
    root.mkdir(exist_ok=True)
    link = root / "tradingagents"
    link.unlink(missing_ok=True)
    link.symlink_to(Path(checkout) / "tradingagents", target_is_directory=True)
    sys.path.insert(0, str(root))
    with contextlib.suppress(ImportError):
        dotenv: Any = importlib.import_module("dotenv")
        dotenv.load_dotenv = lambda *_args, **_more: False
        dotenv.find_dotenv = lambda *_args, **_more: ""


def quiet_logs() -> None:
    """Leave of the engine's log only warnings, on standard error: the rest has whole prompts."""
    root = logging.getLogger()
    root.handlers.clear()
    root.addHandler(logging.StreamHandler(sys.stderr))
    root.setLevel(logging.WARNING)


def run(engine: Any, module: Any, parent: Parent, data: Data, order: dict[str, Any]) -> dict[str, Any]:
    """Run an ask, from its last checkpoint where there is one, and give what it comes to."""
    data.symbol, data.own_symbol = order["symbol"], order["ask"]["symbol"]
    team = engine.build(module, order)
    folder = Path(order["folder"])
    troubles = Troubles(folder / "troubles.json")
    calls = Calls(parent, order["model"], troubles)
    calls.guard(team.quick_thinking_llm)
    calls.guard(team.deep_thinking_llm)
    saver = newest_checkpoint(folder / "checkpoint")
    graph = team.graph.builder.compile(checkpointer=saver)
    handler = calls.handler()
    config = {"recursion_limit": STEPS, "callbacks": [handler], "configurable": {"thread_id": "run"}}
    began = graph.get_state(config)
    fresh = not began.values
    if fresh or began.tasks:  # not `next`: that leaves out what ended without its step being kept yet
        walk(graph, engine.begin(team, order) if fresh else None, config, parent, data, calls)
    state = graph.get_state(config).values
    calls.answer = None
    signal = kept(
        folder / "signal.json",
        lambda: {"signal": engine.signal(team, order, final(state), handler), "answer": calls.answer},
    )
    if spent := calls.take_spent():
        parent.tell("stage", node="Signal", next="", spent=spent)
    reports = [
        {"name": name, "title": title, "text": state.get(key) or ""}
        for key, (name, title) in REPORTS.items()
        if state.get(key) or name in order["ask"]["analysts"]
    ]
    debates = [speech for key, debate in SPEECHES.items() for speech in speeches(debate, state.get(key))]
    return {
        **signal,
        "final_text": final(state),
        "reports": reports,
        "debates": debates,
        **troubles.of,
    }


def walk(graph: Any, begin: Any, config: Any, parent: Parent, data: Data, calls: Calls) -> None:
    """Go through the graph's nodes, and tell of each one."""
    more = {"durability": "sync"} if "durability" in inspect.signature(graph.stream).parameters else {}
    finished, told = "", {key: "" for key in REPORTS}
    for mode, chunk in graph.stream(begin, stream_mode=["updates", "tasks"], config=config, **more):
        if mode == "tasks" and "input" in chunk:
            data.node = chunk["name"]
            parent.tell("stage", node=finished, next=data.node, spent=calls.take_spent())
        elif mode == "updates":
            for node, changed in chunk.items():
                finished = node
                for key, text in (changed or {}).items():
                    if key in REPORTS and isinstance(text, str) and text != told[key]:
                        told[key] = text
                        name, title = REPORTS[key]
                        parent.tell("wrote", name=name, title=title, text=text)
    parent.tell("stage", node=finished, next="Signal", spent=calls.take_spent())


def kept(path: Path, find: Any) -> dict[str, Any]:
    """Give what an earlier attempt found, else find and keep it: it may have cost a call."""
    if path.exists():
        found: dict[str, Any] = json.loads(path.read_bytes())
        return found
    found = plain(find())
    replace(path, json.dumps(found).encode(), flush=True)
    return found


def final(state: Any) -> str:
    """Give the text of the decision."""
    text = state.get("final_trade_decision")
    return text if isinstance(text, str) else ""


def speeches(debate: str, state: Any) -> list[dict[str, str]]:
    """Take a debate's history apart into turns."""
    history = (state or {}).get("history") or ""
    starts = list(SPEAKER.finditer(history))
    ends = [*(each.start() for each in starts[1:]), len(history)]
    turns: list[dict[str, str]] = []
    for start, end in zip(starts, ends, strict=False):  # nobody spoke: no start, one end
        text = history[start.end() : end].strip()
        if not text:
            continue  # a model that begins with its own name
        if turns and turns[-1]["speaker"] == f"{start[1]} Analyst":
            turns[-1]["text"] += "\n" + text
        else:
            turns.append({"debate": debate, "speaker": f"{start[1]} Analyst", "text": text})
    return turns


def load(engine: Any, checkout: str, data: Data) -> Any:
    """Import the engine, or say what its interpreter lacks."""
    try:
        prepare(checkout)
        module = engine.load(data)
        # The first graph takes half a second to build, and each further one a fraction of that.
        engine.build(module, REHEARSAL)
    except Exception as error:
        traceback.print_exc()
        message = f"{checkout} can't be used by {sys.executable}: {type(error).__name__}: {error}"
        raise Broken("engine_unusable", message) from error
    quiet_logs()
    return module


def main() -> NoReturn:
    """Serve one ask."""
    parent = Parent(os.dup(0), os.dup(1))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    with contextlib.suppress(OSError):
        os.nice(5)  # orders and quotes of the same machine go first
    data = Data(parent)
    try:
        first = parent.order()
        engine = ENGINES[first["engine"]]
        module = load(engine, first["checkout"], data)
        parent.tell("ready")
        order = parent.order()
        os.chdir(order["folder"])
        os.environ.update(HOME=order["folder"], TMPDIR=order["folder"])
        parent.tell("told", **run(engine, module, parent, data, order))
    except Broken as error:
        broke(parent, error, data)
    except ModelDown as error:
        broke(parent, broken_by(error.args[0]), data)
    except BaseException as error:
        traceback.print_exc()
        broke(parent, Broken("engine_failed", f"{type(error).__name__}: {error}"), data)
    # Taking the engine's modules down takes a second, and nothing of it matters.
    os._exit(0)


def broke(parent: Parent, error: Broken, data: Data) -> None:
    """Tell why the run is over."""
    message = f"{data.node}: {error}" if data.node else str(error)
    message = plain(message)[:LONGEST_MESSAGE]
    parent.tell(
        "broke", code=error.code, message=message, passing=error.passing, retry_after_s=error.retry_after_s
    )


if __name__ == "__main__":
    main()
