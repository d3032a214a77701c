"""Print the part of requirements.lock that something needs, hashes included.

python3 deploy/locked.py requirements.lock tacore       what runs, with every vendor
python3 deploy/locked.py requirements.lock hatchling    a package, and what it needs

It reads the notes (`# via ...`) that the lock has below each package, and needs nothing but Python.
"""

import re
import sys
from pathlib import Path

OWN = "tacore (pyproject.toml)"


def blocks(lock: str) -> list[tuple[str, set[str], str]]:
    """Give each entry's name, who needs it, and its text without the notes."""
    found = []
    for block in re.split(r"\n(?=[A-Za-z0-9])", lock.strip()):
        lines = block.splitlines()
        notes = [re.sub(r"^#\s*(via\b\s*)?", "", line.strip()) for line in lines if line.lstrip()[:1] == "#"]
        text = "\n".join(line for line in lines if line.lstrip()[:1] != "#")
        found.append((re.split(r"[\s=;\[]", block, maxsplit=1)[0], {note for note in notes if note}, text))
    return found


def needed(entries: list[tuple[str, set[str], str]], root: str) -> list[str]:
    """Give the texts of the entries that ``root`` needs, directly or not, in the lock's order."""
    names = {name for name, _, _ in entries if name == root}
    sought = names | ({OWN} if root == "tacore" else set())
    while more := {name for name, parents, _ in entries if parents & sought} - names:
        names |= more
        sought |= more
    return [text for name, _, text in entries if name in names]


def main() -> None:
    """Print lines for `pip install -r`."""
    path, root = sys.argv[1:]
    found = needed(blocks(Path(path).read_text(encoding="utf-8")), root)
    if not found:
        sys.exit(f"locked: {path} has nothing that {root} needs")
    sys.stdout.write("\n".join(found) + "\n")


if __name__ == "__main__":
    main()
