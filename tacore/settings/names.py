"""Names and defaults that commands share without paying for the settings model."""

from typing import Final

LOOPBACK: Final = "127.0.0.1"
DEFAULT_FRONTEND_PORT: Final = 5555
DEFAULT_BACKEND_PORT: Final = 5556
DEFAULT_API_PORT: Final = 8000
DEFAULT_DATABASE: Final = "data/tacore.db"

CONFIG_FILE: Final = "config.yaml"
LOGGING_FILE: Final = "logging.yaml"
TRADING_FILE: Final = "trading_config.yaml"
CONFIG_FILES: Final = (CONFIG_FILE, LOGGING_FILE, TRADING_FILE)

ENV_HOME: Final = "TACORE_HOME"
ENV_CONFIG: Final = "TACORE_CONFIG"
ENV_ENDPOINT: Final = "TACORE_ENDPOINT"
ENV_FRONTEND_PORT: Final = "ZMQ_FRONTEND_PORT"
ENV_PREFIX: Final = "TACORE_"
ENV_NESTING: Final = "__"

WELL_KNOWN: Final = {
    "env": "TACORESERVICE_ENV",
    "log_level": "TACORESERVICE_LOG_LEVEL",
    "database_path": "DATABASE_PATH",
    "redis.url": "REDIS_URL",
    "worker.count": "WORKER_COUNT",
    "zmq.frontend_port": ENV_FRONTEND_PORT,
    "zmq.backend_port": "ZMQ_BACKEND_PORT",
    "api.port": "API_PORT",
    "agents.cn_path": "TRADINGAGENTS_PATH",
    "agents.cn_python": "TRADINGAGENTS_PYTHON",
}
"""Settings whose variable has a name of its own; every other one is TACORE_SECTION__FIELD."""

NOT_SETTINGS: Final = (ENV_CONFIG, ENV_ENDPOINT)
"""Variables of ours that choose what to read or whom to call, and so are no settings."""


def env_name(key: str) -> str:
    """Give the variable that sets a dotted key."""
    return WELL_KNOWN.get(key) or ENV_PREFIX + key.replace(".", ENV_NESTING).upper()


def default_endpoint(port: int = DEFAULT_FRONTEND_PORT) -> str:
    """Give the address of a broker on this machine."""
    return f"tcp://{LOOPBACK}:{port}"
