"""What `tacore agents doctor` looks at: each check is a function that gives findings about a subject."""

import difflib
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType

from tacore.analysis.agents import probe
from tacore.analysis.agents.checkout import NAMES, REPOSITORIES, TRIED, Checkout, identify
from tacore.analysis.agents.model_server import without_user
from tacore.cli.agents.subject import Subject
from tacore.cli.doctor.finding import Finding, ok, problem, warning
from tacore.errors import NotFound, TacoreError, Unauthorized

LEAST_PYTHON = (3, 10)
_GUIDE = "docs/agents.md has it step by step"
_NAMED = 5


def check_checkout(subject: Subject) -> Iterator[Finding]:
    """Whether the settings name a checkout of the engine."""
    name, variable = NAMES[subject.engine], subject.path_variable
    clone = f"git clone {REPOSITORIES[subject.engine]}"
    get = f"`{clone}` beside tacore, and set {variable} to its folder; {_GUIDE}"
    if subject.path is None:
        yield problem(f"no checkout of {name} is named", get)
    elif not subject.path.is_dir():
        yield problem(f"{subject.path} is no folder", f"mend {variable}, or {get}")
    elif subject.checkout is None:
        found = identify(subject.path)
        seen = f"is a checkout of {NAMES[found.engine]}" if found else "is no checkout of either engine"
        yield problem(f"{subject.path} {seen}, not of {name}", f"mend {variable}, or {get}")
    else:
        unused = ": its app/ and frontend/ are not" if subject.engine == "tradingagents_cn" else ""
        yield ok(f"{name} at {subject.path}; only its package tradingagents is used{unused}")


def check_version(subject: Subject) -> Iterator[Finding]:
    """Which version and commit it is."""
    if subject.checkout is None:
        return
    version, commit = TRIED[subject.engine]
    if subject.checkout.version == version:
        yield ok(subject.checkout.named)
    else:
        yield warning(
            f"{subject.checkout.named} was not tried with tacore: {version} ({commit}) was",
            f"it may work; where it does not, `git -C {subject.checkout.path} checkout {commit}`",
        )


def check_interpreter(subject: Subject) -> Iterator[Finding]:
    """Whether the interpreter runs, and in which version."""
    found, variable = subject.packages, subject.python_variable
    make = f"make an environment for the engine, and set {variable} to its bin/python; {_GUIDE}"
    if isinstance(found, TacoreError):
        yield problem(found.message, make)
    elif tuple(map(int, found[0].split(".")[:2])) < LEAST_PYTHON:
        yield problem(f"{subject.python} is Python {found[0]}: the engine needs 3.10", make)
    else:
        yield ok(f"{subject.python} is Python {found[0]}")


def check_packages(subject: Subject) -> Iterator[Finding]:
    """Whether the engine's packages are there and it can be imported; that takes up to 30 s."""
    found = subject.packages
    if isinstance(found, TacoreError):
        return
    if found[1]:
        yield problem(f"{subject.python} lacks {', '.join(found[1])}", _install(subject, found[1]))
    elif subject.checkout is not None:
        yield _imported(subject, subject.checkout)


def _install(subject: Subject, packages: Iterable[str]) -> str:
    """Say how to install packages; tacore's own environment is not the place for some 200 of them."""
    if subject.python != sys.executable:
        return f"`{subject.python} -m pip install {shlex.join(packages)}`"
    return (
        "this is tacore's own interpreter: make one for the engine (`python3 -m venv agents-venv`, "
        f"`agents-venv/bin/pip install {shlex.join(probe.PACKAGES[subject.engine].values())}`), and set "
        f"{subject.python_variable} to its bin/python"
    )


def _imported(subject: Subject, checkout: Checkout) -> Finding:
    try:
        wrong = probe.try_import(subject.python, checkout.path)
    except TacoreError as error:
        wrong = error.message
    if wrong:
        advice = f"where it names a module: {_install(subject, ['PACKAGE'])}; {_GUIDE}"
        return problem(f"the engine can't be imported: {wrong[:300]}", advice)
    return ok(f"the engine's {len(probe.PACKAGES[subject.engine])} packages are there, and it imports")


def check_key(subject: Subject) -> Iterator[Finding]:
    """Whether there is a key for the models' server; it is never shown."""
    model = subject.agents.model
    where = f"the file {model.api_key_file}" if model.api_key_file else f"the variable {model.api_key_env}"
    if isinstance(subject.server, TacoreError):
        yield problem(
            subject.server.message,
            f"put the key of {without_user(model.base_url)} into {where}, for the process that runs the jobs "
            "as well; a server without keys takes any word",
        )
    else:
        yield ok(f"{where} has one")


def check_server(subject: Subject) -> Iterator[Finding]:
    """Whether the models' server answers, and takes the key."""
    if isinstance(subject.server, TacoreError):
        return
    shown, listed = subject.server.shown, subject.listed
    if isinstance(listed, Unauthorized):
        yield problem(listed.message, "see that the key is of this server, and not revoked")
    elif isinstance(listed, NotFound):
        yield ok(f"{shown} answers, and lists no models")
    elif isinstance(listed, TacoreError):
        yield problem(
            listed.message, "see that agents.model.base_url is right, and that this machine reaches it"
        )
    else:
        yield ok(f"{shown} answers, and has {len(listed)} models")


def check_models(subject: Subject) -> Iterator[Finding]:
    """Whether the models are named, known to the server, and have prices."""
    if not subject.agents.model.quick:
        yield problem(
            "agents.model.quick is empty: no model is named",
            "name it under agents in config/trading_config.yaml, and perhaps a stronger one as deep",
        )
    listed = subject.listed
    for model in subject.models:
        if isinstance(listed, TacoreError) and not isinstance(listed, NotFound):
            continue  # what is wrong with the server has been said
        if isinstance(listed, TacoreError) or not listed:
            yield warning(f"whether the server has {model} is not known", "--call tries it, for a token")
        elif model in listed:
            yield ok(f"{model} is known to the server")
        else:
            close = difflib.get_close_matches(model, listed, n=_NAMED, cutoff=0.3) or list(listed)[:_NAMED]
            yield problem(f"the server does not know {model}", f"it has, among others: {', '.join(close)}")
    lacking = [each for each in subject.models if each not in subject.agents.prices]
    if lacking:
        yield warning(
            f"{', '.join(lacking)} has no price: costs are not known, and limits.max_cost can't hold",
            "add it to agents.prices in config/trading_config.yaml, per million tokens",
        )


def call_models(subject: Subject) -> Iterator[Finding]:
    """Have each model answer with one token."""
    if isinstance(subject.server, TacoreError):
        return
    for model in subject.models:
        try:
            used = subject.server.one_token(model)
        except TacoreError as error:
            yield problem(f"{model}: {error.message}", "a job would end with the same error: mend that first")
            continue
        if used.input_tokens is None or used.output_tokens is None:
            yield warning(
                f"{model} answers, but its server counts no tokens",
                "limits of tokens and of money can't hold, and costs are not known",
            )
        else:
            yield ok(f"{model} answers; {used.input_tokens} tokens read, {used.output_tokens} written")


Check = Callable[[Subject], Iterator[Finding]]
CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "checkout": check_checkout,
        "version": check_version,
        "interpreter": check_interpreter,
        "packages": check_packages,
        "key": check_key,
        "server": check_server,
        "models": check_models,
    }
)
"""In the order in which they are made."""
