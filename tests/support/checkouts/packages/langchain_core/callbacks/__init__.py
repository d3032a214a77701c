"""Callbacks. An Exception in one is swallowed unless its handler says raise_error."""

import logging
from typing import Any

from .base import BaseCallbackHandler

__all__ = ["BaseCallbackHandler", "tell"]


def tell(callbacks: Any, event: str, *arguments: Any, **more: Any) -> None:
    for handler in callbacks or ():
        try:
            getattr(handler, event)(*arguments, **more)
        except Exception as error:
            logging.getLogger(__name__).warning("%s: %r", event, error)
            if handler.raise_error:
                raise
