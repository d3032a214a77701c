"""The service: whether a broker answers, and what it complains of."""

from collections.abc import Sequence

from tacore import runfiles
from tacore.cli.doctor.finding import Finding, ok, problem, warning
from tacore.cli.doctor.situation import Situation
from tacore.errors import NoBroker

ELSEWHERE = ("cache", "disk", "journal")
"""Parts of the service that other examinations look at."""


def examine(situation: Situation) -> Sequence[Finding]:
    """Tell whether it runs, and give health.check's own reasons."""
    health = situation.broker.health
    if not health:
        return [_silent(situation)]
    complaints = [each for each in health["reasons"] if each.partition(":")[0] not in ELSEWHERE]
    where = "" if situation.broker.here else f", another home ({health['home']})"
    seen = f"the broker at {situation.endpoint} is {health['status']} (pid {health['pid']}{where})"
    told = [_complaint(each) for each in complaints]
    return [ok(seen), *told]


def _silent(situation: Situation) -> Finding:
    facts = runfiles.read_live(situation.run_dir / "broker.json")
    if facts is not None:
        seen = (
            f"the broker of this home (pid {facts['pid']}) runs and does not answer at {situation.endpoint}"
        )
        return problem(
            seen, "look into logs/tacoreservice.log; `tacore down --now` and `tacore up` start it again"
        )
    if isinstance(situation.broker.silence, NoBroker):
        return ok(f"no broker runs at {situation.endpoint}: `tacore up` starts one")
    return warning(
        f"something at {situation.endpoint} takes connections and is no broker that answers: "
        f"{situation.broker.silence}",
        "see what is said of ports below",
    )


def _complaint(reason: str) -> Finding:
    part, _, rest = reason.partition(": ")
    if part == "workers":
        return problem(rest, "`tacore worker ls` and logs/worker.log say more")
    return problem(f"{part}: {rest}", "`tacore broker status --detailed` says more")
