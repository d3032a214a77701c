"""`tacore completion`: a script that completes tacore's command line in a shell."""

from collections.abc import Mapping
from importlib import resources
from typing import Annotated

import typer

from tacore.cli import render
from tacore.cli.app import group, nearest
from tacore.cli.exits import OK, Usage
from tacore.cli.globals import OUTPUTS
from tacore.cli.spoken import SHELLS, Command, commands

_CASE = "        '{}') printf '%s\\n' '{}' ;;"
_FISH = "        case '{}'\n            string split -n ' ' -- '{}'; or true"

app = group("Print a script that completes tacore's command line.")


ABOUT = """Print a script that completes tacore's command line.

\b
bash: eval "$(tacore completion bash)", in ~/.bashrc
zsh:  eval "$(tacore completion zsh)", in ~/.zshrc after compinit
fish: tacore completion fish > ~/.config/fish/completions/tacore.fish
"""


@app.command(help=ABOUT)
def completion(
    shell: Annotated[str, typer.Argument(metavar="bash|zsh|fish", help="For which shell.")],
) -> int:
    """Print a script that completes tacore's command line."""
    if shell not in SHELLS:
        raise Usage(f"completion is for {', '.join(SHELLS)}, not {shell!r}{nearest(shell, SHELLS)}")
    render.write(script(shell, commands()))
    return OK


def script(shell: str, known: Mapping[str, Command]) -> str:
    """Fill a shell's script with what can be said; its options also tell which commands there are."""
    text = (resources.files("tacore.cli") / "completions" / f"tacore.{shell}").read_text(encoding="utf-8")
    line = _FISH if shell == "fish" else _CASE
    words = [line.format(path, " ".join(each.words)) for path, each in known.items() if each.words]
    options = [line.format(path, " ".join(each.options)) for path, each in known.items()]
    filled = text.replace("@words@", "\n".join(words)).replace("@options@", "\n".join(options))
    return filled.replace("@outputs@", " ".join(OUTPUTS))
