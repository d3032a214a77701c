"""Which method a request is for, where the value of one of its params decides that."""

from collections.abc import Iterable

import msgspec
from msgspec import UNSET

from tacore.ports import MethodInfo


class Router:
    """Looks at the params that decide, and decodes nothing else."""

    def __init__(self, info: MethodInfo) -> None:
        self._looks = [
            (_decoder(param, info), {value.lower(): method for value, method in values.items()})
            for param, values in info.routes.items()
        ]

    def __call__(self, params: msgspec.Raw) -> str | None:
        """Name the method that a request is sent on to; None where it stays for its worker to judge."""
        for decoder, values in self._looks:
            try:
                given = decoder.decode(params)
            except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
                continue
            found = {_chosen(each, values) for each in _values(given)}
            if len(found) == 1:
                (method,) = found
                if method is not None:
                    return method
        return None


def _decoder(param: str, info: MethodInfo) -> "msgspec.json.Decoder[msgspec.Struct]":
    names = [param, *(name for name, field in info.renames.items() if field == param)]
    fields = [(f"f{number}", msgspec.Raw, UNSET) for number in range(len(names))]
    spelt = {f"f{number}": name for number, name in enumerate(names)}
    return msgspec.json.Decoder(msgspec.defstruct("Routed", fields, rename=spelt))


def _values(given: msgspec.Struct) -> Iterable[msgspec.Raw]:
    return (value for value in msgspec.structs.astuple(given) if value is not UNSET)


def _chosen(raw: msgspec.Raw, values: dict[str, str]) -> str | None:
    try:
        word = msgspec.json.decode(raw, type=str)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return values.get(word.strip().lower())
