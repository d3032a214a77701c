"""A job's report: built once as a document, and written as Markdown or as a page of HTML."""

from collections.abc import Mapping
from typing import Any

from tacore.analysis.agents.report.build import build

__all__ = ["FORMATS", "write"]

FORMATS = ("md", "html")
_CONTROLS = [*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
_CLEAN = dict.fromkeys(_CONTROLS, " ") | {ord("\n"): "\n", ord("\t"): "\t"}
"""What a terminal would act upon, or what turns the letters around it."""


def write(job: Mapping[str, Any], fmt: str) -> str:
    """Write a job as get.job answers it, in one of FORMATS; whatever is not there yet is left out."""
    document = build(job)
    if fmt == "html":
        from tacore.analysis.agents.report.html import page  # noqa: PLC0415 - a Markdown parser

        return page(document).translate(_CLEAN)
    from tacore.analysis.agents.report.markdown import text  # noqa: PLC0415 - as the other

    return text(document).translate(_CLEAN)
