import subprocess
from pathlib import Path

import pytest

from tacore.analysis.agents.checkout import identify

COMMIT = "bd599607d0aa1f0e2f7a7c1f3c5b8e9d00112233"


def touch(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def cn(root: Path) -> Path:
    return touch(
        root,
        "tradingagents/graph/trading_graph.py",
        "tradingagents/utils/stock_utils.py",
        "tradingagents/llm_adapters/__init__.py",
    )


def tauric(root: Path) -> Path:
    return touch(
        root,
        "tradingagents/graph/trading_graph.py",
        "tradingagents/agents/schemas.py",
        "tradingagents/llm_clients/__init__.py",
    )


def test_checkout_when_it_is_of_an_engine_is_known_with_its_version(tmp_path: Path) -> None:
    (cn(tmp_path / "a") / "VERSION").write_text("v1.0.0-preview")
    (tauric(tmp_path / "b") / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "0.3.0"\n')
    first, second = identify(tmp_path / "a"), identify(tmp_path / "b")
    assert first is not None
    assert second is not None
    assert (first.engine, first.named) == ("tradingagents_cn", "1.0.0-preview")
    assert (second.engine, second.named) == ("tradingagents", "0.3.0")


@pytest.mark.parametrize("names", [(), ("tradingagents/graph/trading_graph.py",), ("tradingagents/x.py",)])
def test_checkout_when_it_is_of_neither_is_none(tmp_path: Path, names: tuple[str, ...]) -> None:
    assert identify(touch(tmp_path / "c", *names)) is None


@pytest.mark.parametrize(
    ("files", "commit"),
    [
        ({".git/HEAD": COMMIT}, COMMIT),
        ({".git/HEAD": "ref: refs/heads/main\n", ".git/refs/heads/main": COMMIT + "\n"}, COMMIT),
        (
            {".git/HEAD": "ref: refs/heads/main", ".git/packed-refs": f"# x\n{COMMIT} refs/heads/main\n"},
            COMMIT,
        ),
        (
            {
                ".git": "gitdir: elsewhere/git\n",
                "elsewhere/git/HEAD": "ref: refs/heads/main",
                "elsewhere/git/commondir": "../common",
                "elsewhere/common/refs/heads/main": COMMIT,
            },
            COMMIT,
        ),
        ({".git/HEAD": "ref: ../../secret", "secret": COMMIT}, ""),
        ({".git/HEAD": "ref: refs/../../secret", "secret": COMMIT}, ""),
        ({}, ""),
    ],
)
def test_commit_when_git_keeps_it_is_read(tmp_path: Path, files: dict[str, str], commit: str) -> None:
    root = cn(tmp_path)
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    found = identify(root)
    assert found is not None
    assert found.commit == commit


@pytest.mark.parametrize("packed", [False, True])
def test_checkout_when_it_is_a_clone_names_its_commit_as_git_does(tmp_path: Path, packed: bool) -> None:
    cn(tmp_path)
    git = ["git", "-C", str(tmp_path), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run([*git, *words], check=True)
    if packed:
        subprocess.run([*git, "pack-refs", "--all"], check=True)
    found = identify(tmp_path)

    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout
    assert found is not None
    assert found.commit == commit.strip()
