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

With --analysis-type agents the answer is a job, which costs money. --wait follows it to its decision, with
progress on a terminal; Ctrl-C leaves the job running. Exit code 3: it failed, or was cancelled.

execute.order takes its symbol and action from a job's decision, and places it once:
  --from-job JOB        whose decision; --quantity N is still needed
  --force               though the decision is DEGRADED, or its data simulated; a terminal asks first
  -y, --yes             with --force: do not ask; needed where there is nobody to ask

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

Lines with analysis_type agents are jobs: each is followed to its end, N at once. Ctrl-C leaves them running
and names them. --wait false only begins them.

Exit codes: 0 all answered, 8 some failed, 3 all failed, 5 no broker, 130 interrupted.

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
  --watchers            also what web page and `tacore top` ask to show themselves

"""
STATS = """\
tacore stats [--watch [SECONDS]] [options]

Show of each method, from the journal: requests, a second, errors and their share, latencies and the time in
the queue in milliseconds. Beside it, how all answers since the journal began have ended.

  --window T,T          over the last 10s, 5m (the default), 1h, ...; buckets of ten seconds
  --method A,B          only these methods
  --totals              instead: all answers since the journal began, by method and code
  --watch [SECONDS]     go on, every 2 seconds, over the last 10s unless said: in place on a terminal, rows in
                        a pipe

"""
TRACE = """\
tacore trace ID [--all] [-n N] [--payload]

Show where the time of a request went: its wait in the queue, each worker that had it, the steps there, and
the retries that joined it. ID is its request_id; of several requests with the same one the newest is shown.
A pipe gets a line for each span.

  --all                 every request with this id, newest last
  -n N                  the newest N of them (1)
  --payload             also params and answer; -v does the same

Exit code 7: the journal has no such request.

"""
REPLAY = """\
tacore replay ID [--edit] [options]

Send the params of a request in the journal once more, under a new request_id, and show the answer. ID is its
request_id; of several requests with the same one the newest counts. Refused (exit code 2) for methods that
change something, orders first of all, and where the journal does not have all of the params.

  --edit                change the params first, in $VISUAL or $EDITOR
  --timeout S           patience of each attempt (5)
  --retries N           further attempts (3)
  --backoff S           first pause between attempts, doubled each time (0.1)
  --trace               say on standard error what each attempt did
  --dry-run             show the request, do not send it

Exit codes: those of `tacore call`; 7 no such request, 130 the editor left the params as they were.

"""
TOP = """\
tacore top [--once | --plain] [options]

Show the service on one screen: health, rates, workers, methods, requests as they come, orders. ? shows
every key.

  --once                one look: a sheet on a terminal, an object in a pipe;
                        exit code 5 where there is neither broker nor journal
  --plain               plain text again and again, without a full screen; in a pipe an object a line
  --every S             how often with --plain (5)
  --at T                as it was: an ISO 8601 moment (UTC), or an age like 90s, 5m, 2h, 1d
  --window W            10s, 5m or 1h: over which time methods are summed up (5m)
  --tab NAME            workers, methods, requests, orders or jobs first
  --filter TEXT         what `/` would take: method:scan.market status:error worker:ID word

Full screen needs a terminal: TERM=dumb, -o and a pipe get plain text or data. TEXTUAL_THEME names a theme.

"""
JOBS = """\
tacore jobs [ls] [options]
tacore jobs show JOB [--full]
tacore jobs logs JOB [-f]
tacore jobs cancel JOB... [-y]
tacore jobs retry JOB...

Agent jobs, newest first; one of them, with its decision, costs, data and reports; what has happened to it;
end it; take a failed or cancelled one up again, after its last finished step.

ls:
  --state A,B           queued, running, done, failed, cancelled
  --symbol SYMBOL       only of this symbol
  --engine NAME         tradingagents_cn or tradingagents
  --since T             made since: an ISO 8601 moment (UTC), or an age like 90s, 5m, 2h, 1d
  --limit N, -n N       how many of the newest (50)
  --watch [SECONDS]     go on, every 2 seconds: in place on a terminal, rows in a pipe
show:
  --full                reports and debates in full
logs:
  -f, --follow          go on until the job ends; exit code 0 it is done, 3 it failed or was cancelled
cancel:
  -y, --yes             do not ask; only a terminal asks

  --timeout S, --retries N, --backoff S   as for `tacore call`

Exit codes: 0 ok, 3 refused, 7 there is no such job, 8 not all of several, 130 not agreed to, or interrupted.

"""
_PATIENCE = """\
  --timeout S, --retries N, --backoff S   as for `tacore call`
"""
_SCREEN = """\
A terminal also says PAPER or LIVE, and the trading state where it is not active.

"""
ORDERS = f"""\
tacore orders [-f] [options]

List orders, newest first; with -f show those that change, as they do.

  -f, --follow          go on: the newest, oldest first, then each order that changes
  -n N                  how many of the newest (50)
  --status A,B          reserved, submitting, accepted, partially_filled, filled, cancelled, expired,
                        rejected, denied, unknown; open and final mean all such
  --symbol SYMBOL       only of this symbol
  --market MARKET       only of this market
  --account NAME        only of this account
{_PATIENCE}
{_SCREEN}"""
ORDER = f"""\
tacore order ID

Show an order with its fills and events. ID is its order_id (o-...), or its client_order_id (tc-...).

{_PATIENCE}
{_SCREEN}"""
CANCEL = f"""\
tacore cancel ID...
tacore cancel --all [--symbol SYMBOL] [--market MARKET] [--account NAME] [-y]

End orders that are open; works in every trading state.

  --all                 all that are open; a terminal asks first
  --symbol SYMBOL       with --all: only of this symbol
  --market MARKET       with --all: only of this market
  --account NAME        with --all: only of this account
  -y, --yes             do not ask; needed where there is nobody to ask
{_PATIENCE}
Exit codes: 0 all are ended, 3 it was refused, 7 there is no such order, 8 some were not cancelled or may
still trade, 130 not agreed to.

{_SCREEN}"""
POSITIONS = f"""\
tacore positions [--account NAME] [--closed]

Show what an account holds, with profit and loss.

  --account NAME        trading.default_account unless said
  --closed              also what is held no more
{_PATIENCE}
{_SCREEN}"""
ACCOUNT = f"""\
tacore account [NAME] [--as-of T]

Show an account: cash by currency, equity, buying power, exposure, positions, limits. NAME is
trading.default_account unless said.

  --as-of T             as it was at an ISO 8601 moment (UTC), or an age like 90s, 5m, 2h, 1d
{_PATIENCE}
{_SCREEN}"""
HALT = f"""\
tacore halt [--reducing] [--reason TEXT]

Take no orders any more, on all accounts. What is open stays open; cancelling works.

  --reducing            take only what makes a position or an order smaller
  --reason TEXT         kept with it
{_PATIENCE}
{_SCREEN}"""
RESUME = f"""\
tacore resume [--reason TEXT]

Take orders again.

  --reason TEXT         kept with it
{_PATIENCE}
{_SCREEN}"""
RECONCILE = f"""\
tacore reconcile

Ask the venues for orders of which nobody knows what became of them, and check the ledger against its fills.

  --timeout S           patience of each attempt (120)
  --retries N, --backoff S   as for `tacore call`

Exit codes: 0 all is known and adds up, 8 something is still unknown, 1 the ledger does not agree with its
fills.

{_SCREEN}"""

CHECK = """\
tacore check broker|workers|queue|latency|errors|all [-w RANGE] [-c RANGE] [-f FORMAT]

Tell the state of a running service as a Nagios plugin does: one line, and exit code 0 ok, 1 warning,
2 critical, 3 unknown.

  broker                it answers, in seconds (1, 3); no broker is critical
  workers               how many are up (fewer than wanted, none)
  queue                 requests that wait in the fullest pool (1000, 5000)
  latency               95th percentile in milliseconds (1000, 5000)
  errors                per cent of the answers (5, 20)
  all                   all of them; the worst counts

  -w, --warn RANGE      10 alerts outside 0 to 10, 10: below 10, ~:10 above 10, 10:20 outside, @10:20 inside
  -c, --crit RANGE      the same for critical
  -f, --format FORMAT   nagios (the default), json, or prometheus (for a textfile collector)
  -t, --timeout S       patience with the broker (5)
  --window TIME         over how long latency and errors are taken: 90s, 5m (the default), 2h, 1d
  --method METHOD       latency and errors of this one alone

"""


def usage(text: str) -> int:
    """Show a command's help."""
    render.write(text + HELP)
    return OK
