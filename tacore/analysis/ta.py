"""TA-Lib by itself: ``from tacore.analysis.ta import talib``.

Its package imports polars and pandas, where they are installed, to take their series as well. Here it is
given arrays alone, and the two would cost each worker 1.5 s at its start and 78 MB, against 7 ms and 4 MB.
"""

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, cast

_COMPANIONS = ("polars", "pandas")


def import_alone(name: str, without: tuple[str, ...]) -> ModuleType:
    """Import a module as if some others were not installed; those imported already stay.

    No other thread should be importing one of them meanwhile.
    """
    modules = cast("dict[str, ModuleType | None]", sys.modules)
    kept_out = [each for each in without if each not in modules]
    modules.update(dict.fromkeys(kept_out))  # None is what makes an import say that there is no such module
    try:
        return importlib.import_module(name)
    finally:
        for each in kept_out:
            del modules[each]


if TYPE_CHECKING:
    import talib as talib  # noqa: PLC0414 - given on to who imports it from here
else:
    talib = import_alone("talib", _COMPANIONS)
