"""As much of langchain-core as the stand-ins and the runner use."""

__version__ = "1.8.3"
