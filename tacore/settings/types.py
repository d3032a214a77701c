"""Field types that the settings share: what they take, and what they refuse that pydantic lets through."""

import ipaddress
import os
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

_REDIS_SCHEMES = ("redis", "rediss", "unix")


def default_workers() -> int:
    """Give twice the CPU cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return 2 * len(os.sched_getaffinity(0))
    return 2 * (os.cpu_count() or 1)


def is_loopback(host: str) -> bool:
    """Say whether a bind address is reachable from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_everywhere(host: str) -> bool:
    """Say whether a bind address means every interface, and so cannot be connected to."""
    return host in ("*", "0.0.0.0", "::", "[::]")  # noqa: S104 - compared with, not bound


def _no_bool(value: object) -> object:
    # YAML reads `yes` and `on` as true, which pydantic would take for the number 1.
    if isinstance(value, bool):
        raise ValueError("a number is needed, not true or false")
    return value


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _count(value: object) -> object:
    return default_workers() if value is None else value


def _on_off(value: object) -> object:
    # YAML reads on and off as true and false.
    if isinstance(value, bool):
        return "on" if value else "off"
    return _lower(value)


def _host_names(value: str) -> str:
    for name in filter(None, (each.strip() for each in value.split(","))):
        _host(name)
    return value


def _host(value: str) -> str:
    if not value or any(c.isspace() or c in "/@" for c in value):
        raise ValueError("not an address or host name")
    return value


def _redis_url(value: str) -> str:
    if value:
        parts = urlsplit(value)
        if parts.scheme not in _REDIS_SCHEMES or not (parts.netloc or parts.path):
            raise ValueError("not a Redis URL")
        _ = parts.port  # raises ValueError when it is no port number
    return value


def _absolute(value: Path) -> Path:
    return Path(os.path.abspath(value.expanduser()))  # noqa: PTH100 - resolve() would follow symbolic links


Whole = Annotated[int, BeforeValidator(_no_bool)]
Number = Annotated[float, BeforeValidator(_no_bool), Field(allow_inf_nan=False)]
Port = Annotated[Whole, Field(ge=1, le=65535)]
Workers = Annotated[Whole, BeforeValidator(_count), Field(ge=1, le=1024)]
Host = Annotated[str, AfterValidator(_host)]
HostNames = Annotated[str, AfterValidator(_host_names)]
RedisUrl = Annotated[str, AfterValidator(_redis_url)]
Home = Annotated[Path, AfterValidator(_absolute)]
Upper = BeforeValidator(_upper)
Lower = BeforeValidator(_lower)
OnOff = BeforeValidator(_on_off)
