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
  monitor               start, open: the web page, the HTTP interface, Prometheus
  config                show, get, validate
  init                  write config/*.yaml to edit
  data                  import, ls: a history of your own, from CSV and Parquet files
  top                   everything on one screen, live (--once, --plain, --at TIME)
  logs                  the journal of requests (-f follows)
  stats                 rates, errors and latencies by method (--watch goes on)
  doctor                what is wrong, and what to do about it (--fix repairs)
  check                 the state for Nagios, Prometheus and scripts
  trace ID, replay ID   where the time of a request went; send a read again (--edit)
  bench                 measure a method

Calling it:
  call METHOD           one request: tacore call get.market_data --symbols AAPL,MSFT
  batch METHOD [FILE|-] many requests, ndjson in and out
  methods               what can be called
  describe METHOD       its params, defaults and examples
  jobs                  decisions of agents: ls, show, logs (-f follows), cancel, retry

Agents:
  agents                report: what a job came to; doctor: whether jobs can run

Trading:
  orders                list orders (-f follows)
  order ID              one order with its fills and events
  cancel ID...|--all    end what is open
  positions, account    what is held, with profit and loss; cash, equity, limits
  halt, resume          take no orders (--reducing: only what reduces), take them again
  reconcile             ask the venues for what is unknown, check the ledger

Other:
  version, completion   `tacore COMMAND --help` explains each

"""


def run(_argv: Sequence[str], _options: Globals) -> int:
    """Show every command in a line."""
    render.write(OVERVIEW + HELP)
    return OK
