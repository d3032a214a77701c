"""The web page's files: nothing inline or from elsewhere, no text ever parsed, colours that can be read."""

import re
from pathlib import Path

import pytest

from tacore.cli.spoken import commands
from tacore.monitor.pages import FOLDER

OURS = [each for each in sorted(FOLDER.rglob("*")) if each.is_file() and "vendor" not in each.parts]
CODE = [each for each in OURS if each.suffix == ".js"]
PARSED = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|\beval\(|new Function"
)
ELSEWHERE = re.compile(r"https?://(?!www\.w3\.org/2000/svg)")
INLINE = re.compile(r"<style|<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=")
COLOUR = re.compile(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\);")
SHOWN = re.compile(r"tacore ([a-z][^\"`]*)")
FREE = ("call", "bench")
"""Commands whose options are a method's params."""
GROUNDS = ("ground", "card", "raised")
PAIRS = (
    *((ink, ground) for ink in ("ink", "muted", "accent", "good", "warn", "bad") for ground in GROUNDS),
    *((ink, f"{ink}-ground") for ink in ("accent", "good", "warn", "bad")),
    *(("ink", f"{name}-ground") for name in ("accent", "good", "warn", "bad")),
    ("on-accent", "accent"),
    ("card", "bad"),
    ("line2", "raised"),
    ("muted", "accent-ground"),
)
AA = 4.5


def luminance(colour: str) -> float:
    """Compute it as WCAG 2.2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def palette(scheme: int) -> dict[str, str]:
    text = (FOLDER / "css" / "colours.css").read_text(encoding="utf-8")
    return {found[0]: found[1 + scheme] for found in COLOUR.findall(text)}


def test_contrast_when_black_is_on_white_is_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_colours_when_text_stands_on_a_ground_have_contrast_of_aa(scheme: int) -> None:
    colours = palette(scheme)
    poor = [(*pair, contrast(colours[pair[0]], colours[pair[1]])) for pair in PAIRS]
    poor += [("white", name, contrast("#ffffff", colours[name])) for name in ("paper", "live")]
    assert [each for each in poor if each[2] < AA] == []


def test_code_when_it_writes_into_the_page_parses_no_text() -> None:
    assert [each.name for each in CODE if PARSED.search(each.read_text(encoding="utf-8"))] == []


def test_files_when_loaded_take_nothing_from_elsewhere() -> None:
    assert [each.name for each in OURS if ELSEWHERE.search(each.read_text(encoding="utf-8"))] == []


def test_page_when_under_a_strict_policy_has_nothing_inline() -> None:
    assert INLINE.findall((FOLDER / "index.html").read_text(encoding="utf-8")) == []


def test_modules_when_they_import_name_files_that_are_there() -> None:
    wanted = {
        (each.parent / name).resolve()
        for each in CODE
        for name in re.findall(r'from "([^"]+)"', each.read_text(encoding="utf-8"))
    }
    assert [str(each) for each in wanted if not each.is_file()] == []


def test_vendored_files_when_shipped_have_their_licence_and_version() -> None:
    told = (FOLDER / "vendor" / "README.md").read_text(encoding="utf-8")
    for folder in (each for each in (FOLDER / "vendor").iterdir() if each.is_dir()):
        assert "MIT" in Path(folder / "LICENSE").read_text(encoding="utf-8")
        assert re.search(rf"`{folder.name}/` .*\d+\.\d+\.\d+", told)


def test_commands_when_the_page_shows_them_are_commands_with_their_options() -> None:
    known = commands()
    shown = {found for each in CODE for found in SHOWN.findall(each.read_text(encoding="utf-8"))}
    assert len(shown) > 15
    for line in shown:
        words = [word for word in re.sub(r"\$\{.*?(\}|$)", " ", line).split() if word]
        name = max((n for n in (" ".join(words[:2]), words[0]) if n in known), key=len, default=None)
        assert name is not None, line
        groups = {each.split()[0] for each in known if " " in each}
        assert name not in groups, line
        if name not in FREE:
            given = {word for word in words if word.startswith("-")}
            assert given <= set(known[name].options), line
