"""Workers of another version than their broker's."""

from collections import defaultdict
from collections.abc import Sequence

from tacore.cli.doctor.finding import Finding, ok, problem
from tacore.cli.doctor.situation import Situation


def examine(situation: Situation) -> Sequence[Finding]:
    """Name the workers of each other version, by host."""
    workers, health = situation.broker.workers, situation.broker.health
    if not workers:
        return []
    others: dict[tuple[str, str], list[str]] = defaultdict(list)
    for each in workers:
        if each["version"] != health["version"]:
            others[each["host"], each["version"]].append(f"{each['worker_id']} (pid {each['pid']})")
    if not others:
        return [ok(f"{len(workers)} workers, all of the broker's version {health['version']}")]
    return [
        problem(
            f"on {host} version {version} runs, the broker is of {health['version']}: {', '.join(names)}",
            f"install {health['version']} on {host}; there start `tacore worker spawn` or `tacore up` again",
        )
        for (host, version), names in sorted(others.items())
    ]
