"""Settings and files: a wrong key, value or section, in any of them."""

from collections.abc import Sequence

from tacore.cli.configuration_checks import lines_of, problems_of
from tacore.cli.doctor.finding import Finding, ok, problem, warning
from tacore.cli.doctor.situation import Situation

ADVICE = (
    "mend it; `tacore config validate` shows everything that is wrong, docs/configuration.md what is allowed"
)
SKIPPED = "ports, Redis, providers and security were not looked at, for they hang on the settings"


def examine(situation: Situation) -> Sequence[Finding]:
    """Name each wrong key with its file, its value and what is allowed."""
    loaded = situation.loaded
    if loaded is None:
        every = [problem(line, ADVICE) for line in lines_of(situation.wrong)]
        return [*every, warning(SKIPPED, "look again once the settings are right")]
    wrong = problems_of(loaded)
    if wrong:
        return [problem(line, ADVICE) for line in wrong]
    return [ok(f"{loaded.config_dir} and the environment make sense")]
