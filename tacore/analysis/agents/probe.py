"""Ask an interpreter what it has for an engine, in a process of its own without any key."""

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tacore.errors import Unavailable
from tacore.model.jobs import Engine

LOOK_S = 30.0
IMPORT_S = 120.0

PACKAGES: Mapping[Engine, Mapping[str, str]] = {
    "tradingagents_cn": {
        "langchain_core": "langchain-core",
        "langchain_openai": "langchain-openai",
        "langchain_anthropic": "langchain-anthropic",
        "langchain_google_genai": "langchain-google-genai",
        "langgraph": "langgraph",
        "openai": "openai<2",
        "chromadb": "chromadb",
        "dashscope": "dashscope",
        "pandas": "pandas",
        "yfinance": "yfinance",
        "stockstats": "stockstats",
        "tushare": "tushare",
        "akshare": "akshare",
        "baostock": "baostock",
        "finnhub": "finnhub-python",
        "pymongo": "pymongo",
        "redis": "redis",
        "requests": "requests",
        "bs4": "beautifulsoup4",
        "tqdm": "tqdm",
        "dateutil": "python-dateutil",
        "pytz": "pytz",
        "toml": "toml",
        "dotenv": "python-dotenv",
        "tenacity": "tenacity",
        "psutil": "psutil",
    },
    "tradingagents": {
        "langchain_core": "langchain-core",
        "langchain_openai": "langchain-openai",
        "langchain_anthropic": "langchain-anthropic",
        "langchain_google_genai": "langchain-google-genai",
        "langgraph": "langgraph",
        "langgraph.checkpoint.sqlite": "langgraph-checkpoint-sqlite",
        "pandas": "pandas",
        "yfinance": "yfinance",
        "stockstats": "stockstats",
        "requests": "requests",
        "dateutil": "python-dateutil",
        "dotenv": "python-dotenv",
    },
}
"""The modules that each engine's package imports, and the packages that have them."""

# It speaks over what was standard output: what is imported may print. The checkout stands behind a link, so
# that nothing beside its package is found: no .env, no configuration, and not TradingAgents-CN's app.
_BEGIN = """
import json, os, sys
out = os.fdopen(os.dup(1), "w")
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
def say(**told):
    out.write(json.dumps(told)); out.flush(); os._exit(0)
"""
_LOOK = """
import importlib.util
def there(name):
    try:
        return importlib.util.find_spec(name) is not None
    except ImportError:
        return False
missing = [name for name in sys.argv[1:] if not there(name)]
say(version=".".join(map(str, sys.version_info[:3])), missing=missing)
"""
_IMPORT = """
os.makedirs("src"); os.symlink(os.path.join(sys.argv[1], "tradingagents"), "src/tradingagents")
sys.path.insert(0, os.path.abspath("src"))
try:
    import dotenv
    dotenv.load_dotenv = lambda *a, **k: False
    dotenv.find_dotenv = lambda *a, **k: ""
    import tradingagents.graph.trading_graph
except BaseException as error:
    say(error=f"{type(error).__name__}: {error}")
say(error="")
"""
_ENVIRONMENT: Mapping[str, str] = {
    "PATH": os.defpath,
    "LANG": "C.UTF-8",
    "MONGODB_ENABLED": "false",
    "REDIS_ENABLED": "false",
    "USE_MONGODB_STORAGE": "false",
    "TA_USE_APP_CACHE": "false",
    "TRADINGAGENTS_LOG_LEVEL": "CRITICAL",
    "TRADINGAGENTS_LOG_DIR": "logs",
}


def look(python: str, engine: Engine, wait_s: float = LOOK_S) -> tuple[str, Sequence[str]]:
    """Give the interpreter's version, and the packages that it lacks. Unavailable where it does not run."""
    wanted = PACKAGES[engine]
    told = _run(python, _LOOK, list(wanted), wait_s)
    return str(told["version"]), [wanted[name] for name in told["missing"]]


def try_import(python: str, checkout: Path, wait_s: float = IMPORT_S) -> str:
    """Import the engine's graph; give what went wrong, "" where nothing did. Unavailable as for `look`."""
    return str(_run(python, _IMPORT, [str(checkout.resolve())], wait_s)["error"])


def _run(python: str, code: str, words: Sequence[str], wait_s: float) -> Mapping[str, Any]:
    with TemporaryDirectory(prefix="tacore-agents-") as folder:
        try:
            child = subprocess.Popen(  # noqa: S603 - the interpreter that the settings name
                [python, "-I", "-B", "-c", _BEGIN + code, *words],
                cwd=folder,
                env={**_ENVIRONMENT, "HOME": folder},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise Unavailable(f"{python} can't be run: {error.strerror or error}") from error
        try:
            told, complaint = child.communicate(timeout=wait_s)
        except subprocess.TimeoutExpired as error:
            raise Unavailable(f"{python} had not finished after {wait_s:g} s") from error
        finally:
            _end(child)
    try:
        answer: Mapping[str, Any] = json.loads(told)
    except ValueError:
        last = complaint.decode(errors="replace").strip().splitlines()[-1:] or ["nothing was said"]
        raise Unavailable(f"{python} ended with code {child.returncode}: {last[0][:200]}") from None
    return answer


def _end(child: "subprocess.Popen[bytes]") -> None:
    """End the process with all of its own."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    for pipe in (child.stdout, child.stderr):
        if pipe is not None:
            pipe.close()
