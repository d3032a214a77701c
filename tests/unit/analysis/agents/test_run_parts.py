from pathlib import Path

import pytest

from tacore.analysis.agents import runner
from tacore.analysis.agents.engines import ENGINE_FACTS, Course
from tacore.analysis.agents.noise import LARGEST, Noise, Scrubber
from tests.support.agent_runs import ask_of

KEY = "CANARY-0123456789"


def test_course_when_an_analyst_looks_at_data_again_stays_where_it_is() -> None:
    course = Course(("Market Analyst", "Msg Clear Market", "Bull Researcher", "Bear Researcher"))

    reached = [course.reach(node) for node in ("Market Analyst", "tools_market", "Market Analyst")]

    assert reached == [0, 0, 0]
    assert course.reach("Bear Researcher") == 0.75


def test_course_when_a_debate_has_rounds_counts_each() -> None:
    nodes = ENGINE_FACTS["tradingagents"].course(ask_of("tradingagents", analysts=("news",), debate_rounds=2))
    course = Course(nodes)

    reached = [course.reach(node) for node in nodes]

    assert nodes[2:6] == ("Bull Researcher", "Bear Researcher") * 2
    assert reached == [at / len(nodes) for at in range(len(nodes))]


def test_noise_when_the_key_comes_in_pieces_keeps_none_of_it(tmp_path: Path) -> None:
    noise = Noise(tmp_path, Scrubber(KEY))
    for each in f"the key is {KEY}, in full".encode():
        noise.hear(bytes([each]))
    noise.hear(b"x" * 70_000 + KEY.encode() + b"\nlast")
    noise.close()

    kept = (tmp_path / "run.log").read_text()

    assert "the key is [key], in full" in kept
    assert KEY not in kept
    assert noise.last(1) == "last"


def test_noise_when_there_is_too_much_keeps_its_beginning_and_its_end(tmp_path: Path) -> None:
    noise = Noise(tmp_path, Scrubber(KEY))
    for number in range(40_000):
        noise.hear(f"line {number} of very many of them\n".encode())
    noise.close()

    kept = (tmp_path / "run.log").read_text().splitlines()

    assert kept[0].startswith("line 0 ")
    assert kept[-1].startswith("line 39999 ")
    assert (tmp_path / "run.log").stat().st_size < LARGEST * 1.1


def test_noise_when_there_is_an_attempt_before_keeps_both(tmp_path: Path) -> None:
    for number in range(3):
        noise = Noise(tmp_path, Scrubber(KEY))
        noise.hear(f"attempt {number}\n".encode())
        noise.close()

    assert (tmp_path / "run.1.log").read_text() == "attempt 1\n"
    assert (tmp_path / "run.log").read_text() == "attempt 2\n"


@pytest.mark.parametrize("key", ["", "none", "EMPTY"])
def test_scrubber_when_the_key_is_none_leaves_texts_alone(key: str) -> None:
    assert Scrubber(key).text("none of it is EMPTY") == "none of it is EMPTY"


SCRUBBED = [
    ("the key CANARY-0123456789 is wrong", "the key [key] is wrong"),
    ("the key CANARY-0***6789 is wrong", "the key [key]***6789 is wrong"),
    ("…ARY-01234567… and 23456789", "…[key]… and [key]"),
    ("CANARY-0123456789CANARY-0123456789", "[key]"),
    ("CANARY- is a bird, 0123456 a number", "CANARY- is a bird, 0123456 a number"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "kept"), SCRUBBED)
def test_runner_when_a_piece_of_the_key_is_told_takes_it_out(
    text: str, kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert runner.plain({"message": [text]}) == {"message": [kept]}


@pytest.mark.parametrize(("text", "kept"), SCRUBBED[:-1])
def test_noise_when_a_piece_of_the_key_is_printed_takes_it_out(text: str, kept: str, tmp_path: Path) -> None:
    noise = Noise(tmp_path, Scrubber(KEY))
    noise.hear(f"{text}\n".encode())
    noise.close()
    assert (tmp_path / "run.log").read_text().replace("[key][key]", "[key]") == kept + "\n"


def test_runner_when_the_key_is_short_leaves_texts_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    assert runner.plain("none of it") == "none of it"
