"""Find the examinations: each is a file of `tacore.cli.doctor.examinations` with a function ``examine``.

A new one is a new file: its name is shown before what it finds, and its docstring says what it looks at.
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence

from tacore.cli.doctor import examinations
from tacore.cli.doctor.finding import Finding
from tacore.cli.doctor.situation import Situation

Examine = Callable[[Situation], Sequence[Finding]]
_FIRST = ("configuration", "service")


def discover() -> Mapping[str, Examine]:
    """Give the examinations by name, in the order in which they are made."""
    names = [module.name for module in pkgutil.iter_modules(examinations.__path__)]
    ordered = sorted(names, key=lambda name: (name not in _FIRST, name))
    return {name: importlib.import_module(f"{examinations.__name__}.{name}").examine for name in ordered}
