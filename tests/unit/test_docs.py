"""The documents name everything there is, lead only to what exists, and know no machine."""

import re
import subprocess
from pathlib import Path

import pytest
from pydantic import BaseModel

from tacore import errors
from tacore.cli.exits import CONFIGURATION, INTERRUPTED, PARTLY
from tacore.cli.spoken import commands
from tacore.execution.gate.table import RULES
from tacore.methods import describe, discover
from tacore.model import trading
from tacore.model.orders import OPEN, TRANSITIONS
from tacore.settings.describe import entries
from tacore.settings.names import NOT_SETTINGS
from tests.support.broker_world import World

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
ORDERS = ROOT / "docs" / "orders.md"
PAGES = [README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)")
OF_A_MACHINE = re.compile(r"/root/|/Users/|/home/(?!of/)\w|/tmp/\w+|/work/\w", re.ASCII)
REGISTRY = re.compile(r"pypi\.|pythonhosted|npmjs|/simple\b")


def text_of(*pages: Path) -> str:
    return "\n".join(page.read_text(encoding="utf-8") for page in pages)


def anchors(page: Path) -> set[str]:
    """Give a page's headings as GitHub links to them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def tracked() -> list[Path]:
    """List the files that a clone has; without git (a source archive) those that are shipped."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        return [ROOT / name for name in listed.stdout.split("\0") if name]
    return [
        each for top in ("tacore", "docs", "config") for each in (ROOT / top).rglob("*") if each.is_file()
    ]


@pytest.mark.parametrize("name", sorted(name for name in commands() if name))
def test_command_when_it_exists_is_documented_with_its_options(name: str) -> None:
    text = text_of(*PAGES)
    assert f"tacore {name}" in text
    missing = [
        each for each in commands()[name].options if not re.search(rf"(?<![\w-]){each}(?![\w-])", text)
    ]
    assert missing == []


def test_method_when_it_exists_is_in_the_readme_with_its_aliases() -> None:
    world = World(*map(describe, discover(debug=True).values()))
    methods = world.call("describe.methods")["data"]["methods"]
    assert {"scan.market", "health.check", "admin.scale", "debug.crash"} <= {each["name"] for each in methods}
    names = {name for each in methods for name in (each["name"], *each["aliases"])}
    readme = README.read_text(encoding="utf-8")
    assert [name for name in sorted(names) if f"`{name}`" not in readme] == []


def test_setting_when_it_exists_is_documented_with_its_variable() -> None:
    text = text_of(ROOT / "docs" / "configuration.md")
    wanted = [name for each in entries() for name in (each.key, each.env)] + list(NOT_SETTINGS)
    assert [name for name in wanted if f"`{name}`" not in text] == []


def test_gate_rule_when_it_exists_is_documented_with_what_it_counts_for() -> None:
    text = ORDERS.read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)`( \*)?( ↓)? \|.*\|.*\|$", text, re.MULTILINE)
    told = {name: (bool(star), bool(arrow)) for name, star, arrow in rows}
    assert {name: told.get(name) for name in RULES} == {
        name: (rule.halting, rule.exits) for name, rule in RULES.items()
    }


def test_status_when_it_exists_is_documented_with_what_may_follow() -> None:
    text = ORDERS.read_text(encoding="utf-8")
    rows = {
        found[0]: found[1:]
        for found in re.findall(r"^\| `(\w+)` \| (yes)?.*\|(.*)\|(.*)\|$", text, re.MULTILINE)
    }
    followers = {status: after for status, after in TRANSITIONS.items() if status}
    assert {status: rows[status][0] == "yes" for status in followers} == {
        status: status in OPEN for status in followers
    }
    told = {status: set(re.findall(r"`(\w+)`", rows[status][2])) for status in followers}
    assert {**told, "unknown": set()} == {**followers, "unknown": set()}


def test_trading_key_when_it_exists_is_documented() -> None:
    sections: list[type[BaseModel]] = [
        trading.TradingSettings,
        trading.HaltSettings,
        trading.AccountSettings,
        trading.LimitSettings,
        trading.PaperVenue,
        trading.FeeSettings,
        trading.AlpacaVenue,
        trading.CcxtVenue,
        trading.MarketRules,
        trading.TickBand,
    ]
    text = ORDERS.read_text(encoding="utf-8").partition("\n## Settings\n")[2]
    keys = {name for section in sections for name in section.model_fields} - {
        "accounts",
        "halt",
        "rules",
        "venues",
    }
    assert [key for key in sorted(keys) if not re.search(rf"[`.]{key}`", text)] == []


def test_error_code_when_it_exists_is_in_the_readme() -> None:
    of_the_command_line = {"no_answer", "no_broker", "configuration"}
    kinds = [each for each in vars(errors).values() if isinstance(each, type)]
    codes = {each.code for each in kinds if issubclass(each, errors.TacoreError)} - of_the_command_line
    assert "overloaded" in codes
    readme = README.read_text(encoding="utf-8")
    assert [code for code in sorted(codes) if f"`{code}`" not in readme] == []


def test_exit_code_when_it_exists_is_in_the_readme() -> None:
    readme = " ".join(README.read_text(encoding="utf-8").split())
    listed = readme.partition("exit codes of `tacore`: ")[2].partition(". [")[0]
    numbers = [int(each.split()[0]) for each in listed.split(", ")]
    assert numbers == [*range(PARTLY + 1), INTERRUPTED]
    assert f"{CONFIGURATION} configuration" in listed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_link_when_it_stays_inside_leads_to_a_page_and_a_heading(page: Path) -> None:
    broken = []
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if "://" not in link and not (target.exists() and (not anchor or anchor in anchors(target))):
            broken.append(link)
    assert broken == []


def test_index_when_read_leads_to_every_page() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert pages <= set(LINK.findall(index))


def test_make_target_when_it_exists_is_explained_by_make_itself() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    assert targets - {"help"} == set(re.findall(r'echo "make (\w+)', makefile))


def test_tracked_file_when_read_names_no_machine_and_no_registry() -> None:
    found = []
    for path in tracked():
        if path == Path(__file__).resolve() or path.suffix in {".gz", ".png"} or not path.exists():
            continue
        text = path.read_text(encoding="utf-8")
        found += [f"{path.relative_to(ROOT)}: {match}" for match in OF_A_MACHINE.findall(text)]
        found += [f"{path.relative_to(ROOT)}: {match}" for match in REGISTRY.findall(text)]
    assert found == []


def test_lock_when_read_pins_every_version_with_hashes_and_names_no_host() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=\S)", lock.strip())
    assert [
        block for block in blocks if not re.match(r"[a-z0-9-]+==\S+ .*--hash=sha256:", block, re.DOTALL)
    ] == []
    assert "://" not in lock
