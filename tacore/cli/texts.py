"""Help texts of the commands that load no framework."""

from tacore.cli import render
from tacore.cli.exits import OK
from tacore.cli.globals import HELP

CALL = """\
tacore call METHOD [--key value ...] [options]

Send one request and show its answer. What follows METHOD is its params: --symbols AAPL,MSFT, --key=value,
--criteria.min_volume 1000000 (dots nest), --flag alone (true), key=text (always text), key:=JSON.
`tacore call METHOD --help` shows the params that the running service knows.

  --params JSON|@FILE|- all params at once; single ones go before it
  --timeout S           patience of each attempt (5)
  --retries N           further attempts (3)
  --backoff S           first pause between attempts, doubled each time (0.1)
  --trace               say on standard error what each attempt did
  --dry-run             show the request, do not send it

Exit codes: 0 ok, 2 usage, 3 the service answered with an error, 4 no answer, 5 no broker, 6 configuration or
authorization, 7 not found.

"""
BATCH = """\
tacore batch METHOD [FILE|-] [--key value ...] [options]

Send a request for each line of FILE (- or nothing: standard input), a JSON object of params; write a line for
each answer as it comes: {"line", "params", "status", "data"} or {"line", "params", "status", "error"}.
--key value, key=text and key:=JSON are params of every line; the line's own go first.

  --concurrency N       how many requests are in flight (64)
  --timeout S, --retries N, --backoff S   as for `tacore call`

Exit codes: 0 all answered, 8 some failed, 3 all failed, 5 no broker.

"""
METHODS = """\
tacore methods

List what the running service can do.

"""
DESCRIBE = """\
tacore describe METHOD

Show a method's params, with their types, defaults, allowed values and other spellings, and examples.
-o json shows the whole description with the JSON Schemas of params and data.

"""
VERSION = """\
tacore version [-v]

Show the version; -v also Python, libraries and the broker that is asked.

"""
LOGS = """\
tacore logs [-f] [options]

Show the journal: one line for each answered request, oldest first.

  -f, --follow          go on as requests are answered
  -n N                  how many of the newest (50)
  --method NAME         only this method
  --status STATUS       success or error
  --worker ID           only of this worker
  --since, --until T    an ISO 8601 moment (UTC), or an age like 90s, 5m, 2h, 1d
  --request-id ID       only this request
  --text TEXT           only where params or answer have this text

"""


def usage(text: str) -> int:
    """Show a command's help."""
    render.write(text + HELP)
    return OK
