"""`tacore --help`: what there is."""

from collections.abc import Sequence

from tacore.cli import render
from tacore.cli.exits import OK
from tacore.cli.globals import HELP, Globals

OVERVIEW = """\
tacore: a trading-agent core service over ZeroMQ

The service:
  up, down, ps          start, stop and list everything, supervised
  broker                start, stop, status, drain
  worker                spawn, ls, scale, restart, drain
  cache                 stats, clear
  config                show, get, validate
  init                  write config/*.yaml to edit
  data                  import, ls: a history of your own, from CSV and Parquet files
  logs                  the journal of requests (-f follows)
  bench                 measure a method

Calling it:
  call METHOD           one request: tacore call get.market_data --symbols AAPL,MSFT
  batch METHOD [FILE|-] many requests, ndjson in and out
  methods               what can be called
  describe METHOD       its params, defaults and examples

Other:
  version, completion   `tacore COMMAND --help` explains each

"""


def run(_argv: Sequence[str], _options: Globals) -> int:
    """Show every command in a line."""
    render.write(OVERVIEW + HELP)
    return OK
