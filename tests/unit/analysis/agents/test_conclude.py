"""From what engines said in real runs to decisions; the engines' words stand here literally."""

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tacore.analysis.agents.conclude import FLAWS, Told, Unreadable, conclude
from tacore.analysis.agents.data import Seen
from tacore.model.jobs import Ask, Engine, Outcome, Report, Speech, ToolCall

REPORT = "The price rose on growing volume over the last twenty sessions, and stands at its high of the year."
ASK = Ask(
    engine="tradingagents_cn",
    market="US",
    symbol="AAPL",
    date="2013-03-01",
    analysts=("market",),
    debate_rounds=1,
    risk_rounds=1,
    quick_model="q",
    deep_model="d",
)
TAURIC = msgspec.structs.replace(ASK, engine="tradingagents")
SEEN = Seen(
    price=Decimal("430.47"),
    low=Decimal("430.47"),
    high=Decimal("702.1"),
    currency="USD",
    source="sample",
    as_of="2013-03-01",
)
CALL = ToolCall(at_us=1, node="Market Analyst", tool="prices", source="sample", as_of="2013-03-01", size=9)
GOOD = {
    "action": "买入",
    "target_price": 500.0,
    "confidence": 0.8,
    "risk_score": 0.35,
    "reasoning": "趋势向上，成交量配合",
}
PM = """**Rating**: Overweight

**Executive Summary**: Build a position in steps.

**Investment Thesis**: Earnings grow.
They are cheap.

**Price Target**: 500.5

**Time Horizon**: 3-6 months"""


JUDGES = (
    Report(name="investment_plan", title="Research manager", text="Buy in steps, for earnings grow."),
    Report(name="trader_investment_plan", title="Trader", text="Buy a tenth of it each week."),
)
DEBATES = (
    Speech(debate="investment", speaker="Bull Analyst", text="It grows."),
    Speech(debate="investment", speaker="Bear Analyst", text="It is dear."),
    Speech(debate="risk", speaker="Risky Analyst", text="All of it."),
    Speech(debate="risk", speaker="Safe Analyst", text="Half of it."),
    Speech(debate="risk", speaker="Neutral Analyst", text="In steps."),
)


def told(signal: Any = GOOD, judges: tuple[Report, ...] = JUDGES, **changes: Any) -> Told:
    made = Told(
        signal=signal,
        final_text="建议买入，目标价 500",
        reports=(Report(name="market", title="Market", text=REPORT),),
        debates=DEBATES,
        engine_version="1.0.0-preview (bd59960)",
    )
    made = msgspec.structs.replace(made, **changes)
    return msgspec.structs.replace(made, reports=(*made.reports, *judges))


def tauric(text: str = PM, rating: str = "Overweight", **changes: Any) -> Told:
    return told({"rating": rating}, final_text=text, **changes)


def outcome(of: Told, *, ask: Ask = ASK, calls: tuple[ToolCall, ...] = (CALL,), seen: Seen = SEEN) -> Outcome:
    return conclude(ask, of, calls, seen)


def codes(found: Outcome) -> list[str]:
    return [flaw.code for flaw in found.quality.flaws]


def messages(found: Outcome) -> str:
    return "\n".join(flaw.message for flaw in found.quality.flaws)


# -- what is well ----------------------------------------------------------------------------------


def test_outcome_when_all_is_well_has_the_decision_and_no_flaw() -> None:
    found = outcome(told(answer=json.dumps(GOOD)))
    assert (found.quality.verdict, codes(found)) == ("ok", [])
    decision = found.decision
    assert (decision.action, decision.confidence, decision.risk_score) == ("buy", 0.8, 0.35)
    assert decision.target_price == Decimal("500.0")
    assert (decision.reasoning, decision.text) == ("趋势向上，成交量配合", "建议买入，目标价 500")
    assert (found.price, found.currency, found.source, found.as_of) == (
        Decimal("430.47"),
        "USD",
        "sample",
        "2013-03-01",
    )
    assert (found.engine_version, found.tool_calls) == ("1.0.0-preview (bd59960)", (CALL,))


@pytest.mark.parametrize(
    ("word", "action"),
    [("买入", "buy"), ("持有", "hold"), ("卖出", "sell"), ("BUY", "buy"), ("Sell", "sell")],
)
def test_action_when_an_engine_says_it_is_understood(word: str, action: str) -> None:
    assert outcome(told(GOOD | {"action": word, "target_price": None})).decision.action == action


def test_outcome_when_tauric_gives_its_form_is_read_whole() -> None:
    found = outcome(tauric(), ask=TAURIC)
    assert codes(found) == []
    decision = found.decision
    assert (decision.action, decision.target_price) == ("buy", Decimal("500.5"))
    assert (decision.horizon, decision.reasoning) == ("3-6 months", "Build a position in steps.")
    assert (decision.confidence, decision.risk_score) == (None, None)


@pytest.mark.parametrize(
    ("rating", "action"),
    [("Buy", "buy"), ("Overweight", "buy"), ("Hold", "hold"), ("Underweight", "sell"), ("Sell", "sell")],
)
def test_rating_when_tauric_gives_it_is_an_action(rating: str, action: str) -> None:
    text = PM.replace("Overweight", rating).replace("**Price Target**: 500.5\n", "")
    assert outcome(tauric(text, rating), ask=TAURIC).decision.action == action


# -- defaults --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reasoning",
    [
        "输入信号无效，默认持有建议",
        "信号内容为空，默认持有建议",
        "输入数据无效，默认持有建议",
        "基于综合分析的投资建议",
    ],
)
def test_signal_when_the_engine_made_it_up_is_a_default_without_its_numbers(reasoning: str) -> None:
    signal = {
        "action": "持有",
        "target_price": None,
        "confidence": 0.7,
        "risk_score": 0.5,
        "reasoning": reasoning,
    }
    found = outcome(told(signal))
    assert (found.quality.verdict, codes(found)) == ("degraded", ["default_decision"])
    assert reasoning in messages(found)
    assert (found.decision.action, found.decision.confidence, found.decision.risk_score) == (
        "hold",
        None,
        None,
    )


def test_signal_when_a_failed_call_turned_a_no_into_a_buy_is_a_default() -> None:
    """Seen in a run: the text advises against buying, the signal's call fails, the engine says 买入."""
    signal = {
        "action": "买入",
        "target_price": 495.04,
        "confidence": 0.7,
        "risk_score": 0.5,
        "reasoning": "基于综合分析的投资建议",
    }
    found = outcome(told(signal, final_text="我不建议买入"))
    assert codes(found) == ["default_decision"]
    assert found.decision.target_price is None


def test_final_text_when_it_is_the_risk_judges_default_is_a_default() -> None:
    text = (
        "**默认建议：持有**\n\n由于技术原因无法生成详细分析，\n\n"
        "注意：此为系统默认建议，建议结合人工分析做出最终决策。"
    )
    found = outcome(told(GOOD | {"action": "持有", "target_price": None}, final_text=text))
    assert codes(found) == ["default_decision"]
    assert "**默认建议：持有**" in messages(found)


def test_answer_when_it_has_no_json_is_a_default_whatever_the_engine_made_of_it() -> None:
    found = outcome(told(GOOD, answer="我认为可以买入"))
    assert codes(found) == ["default_decision"]
    assert (found.decision.target_price, found.decision.confidence) == (None, None)


def test_answer_when_it_lacks_numbers_leaves_out_what_the_engine_put_in() -> None:
    """Without target_price in the JSON the engine greps the text, or multiplies the price by 1.15."""
    made = GOOD | {"confidence": 0.7, "risk_score": 0.5, "reasoning": "基于综合分析的投资建议"}
    found = outcome(told(made, answer='```json\n{"action": "买入"}\n```'))
    assert codes(found) == []
    decision = found.decision
    assert (decision.target_price, decision.confidence, decision.risk_score, decision.reasoning) == (
        None,
        None,
        None,
        "",
    )


def test_tauric_when_its_text_names_no_rating_is_a_default() -> None:
    found = outcome(tauric("xyzzy " * 20, "Hold"), ask=TAURIC)
    assert (codes(found), found.decision.action) == (["default_decision"], "hold")
    assert "names no rating" in messages(found)


@pytest.mark.parametrize(
    "text",
    ["Do not buy this now.", "Rating: Strong Buy", "**Rating**: Strong Buy", "Not so:\n**Rating**: Buy\n"],
)
def test_tauric_when_its_rating_was_picked_from_free_text_is_a_default(text: str) -> None:
    found = outcome(tauric(text, "Buy"), ask=TAURIC)
    assert codes(found) == ["default_decision"]
    assert "picked from its free text" in messages(found)


@pytest.mark.parametrize(
    ("text", "lacks"),
    [
        ("**Rating**: Buy", "Executive Summary and Investment Thesis"),
        ("**Rating**: Buy\n\n**Executive Summary**: Now.", "Investment Thesis"),
        (PM.replace("Build a position in steps.", " --"), "Executive Summary"),
    ],
)
def test_tauric_when_its_form_lacks_its_reasons_is_a_default(text: str, lacks: str) -> None:
    found = outcome(tauric(text), ask=TAURIC)
    assert codes(found) == ["default_decision"]
    assert messages(found) == f"the final decision is not in the form asked for: it lacks {lacks}"


# -- what can't be read ----------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["强烈买入", "观望", "", None, 7, ["买入"], "xyzzy", "n/a"])
def test_action_when_it_is_none_never_becomes_hold(word: Any) -> None:
    with pytest.raises(Unreadable) as raised:
        outcome(told(GOOD | {"action": word}))
    assert raised.value.code == "unparseable_signal"
    assert "which is none of 买入, 持有, 卖出" in raised.value.message


@pytest.mark.parametrize(
    "answer", ['{"action": "强烈买入"}', '{"action": null}', '{"target_price": 5}', '{"action": "观望"}']
)
def test_answer_when_the_engine_took_its_action_for_hold_is_unreadable(answer: str) -> None:
    with pytest.raises(Unreadable):
        outcome(told(GOOD | {"action": "持有"}, answer=answer))


def test_signal_when_there_is_none_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        outcome(told({}))


@pytest.mark.parametrize("name", ["confidence", "risk_score"])
@pytest.mark.parametrize("value", [80, -1, 1.01, "high", True, [0.5], "NaN", float("inf"), "80%"])
def test_share_when_it_is_none_is_left_out(name: str, value: Any) -> None:
    found = outcome(told(GOOD | {name: value}))
    assert codes(found) == ["unparseable_signal"]
    assert messages(found).startswith(name)
    assert getattr(found.decision, name) is None


@pytest.mark.parametrize("value", [0, 1, "0.5"])
def test_share_when_it_is_at_an_end_or_text_is_kept(value: Any) -> None:
    found = outcome(told(GOOD | {"confidence": value}))
    assert (codes(found), found.decision.confidence) == ([], float(value))


# -- targets ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "action", "expected"),
    [
        (500, "买入", []),
        ("$1,400.20", "买入", []),  # 2 * 702.1 = 1404.2
        (1404.2, "买入", []),
        (1404.21, "买入", ["target_out_of_range"]),
        (215.235, "卖出", []),  # 430.47 / 2
        (215.23, "卖出", ["target_out_of_range"]),
        (400, "买入", ["target_contradicts"]),
        (500, "卖出", ["target_contradicts"]),
        (400, "持有", []),
        (430.47, "买入", []),
        (100, "买入", ["target_out_of_range", "target_contradicts"]),
    ],
)
def test_target_when_held_against_the_price(target: Any, action: str, expected: list[str]) -> None:
    found = outcome(told(GOOD | {"target_price": target, "action": action}))
    assert codes(found) == expected
    assert found.decision.target_price is not None  # kept, for a reader to judge


@pytest.mark.parametrize(
    ("target", "code"),
    [
        (0.0, "target_out_of_range"),
        (-5, "target_out_of_range"),
        ([500, 600], "unparseable_signal"),
        ("about 500", "unparseable_signal"),
        (float("nan"), "unparseable_signal"),
        (True, "unparseable_signal"),
    ],
)
def test_target_when_it_is_no_price_is_left_out(target: Any, code: str) -> None:
    found = outcome(told(GOOD | {"target_price": target}))
    assert (codes(found), found.decision.target_price) == ([code], None)


@pytest.mark.parametrize(
    "value", ["1e300000000", "1e16", "0e999999999", "9" * 100_000, 1e300, "1e-300000000"]
)
def test_number_when_its_digits_would_fill_the_memory_is_none(value: Any) -> None:
    found = outcome(told(GOOD | {"target_price": value, "confidence": value}))
    assert codes(found) == ["unparseable_signal", "unparseable_signal"]
    assert (found.decision.target_price, found.decision.confidence) == (None, None)
    assert len(messages(found)) < 500


@pytest.mark.parametrize(
    ("target", "currency", "fits"),
    [
        ("$500", "USD", True),
        ("US$500", "USD", True),
        ("$500", "USDT", True),
        ("HK$500", "HKD", True),
        ("500港元", "HKD", True),
        ("¥500", "CNY", True),
        ("500 元", "CNY", True),
        ("500", "CNY", True),
        (500, "CNY", True),
        ("$500", "", True),
        ("$500", "CNY", False),
        ("500美元", "CNY", False),
        ("¥500", "USD", False),
        ("500元", "USD", False),
        ("HK$500", "USD", False),
    ],
)
def test_target_when_its_sign_is_of_another_currency_is_left_out(
    target: Any, currency: str, fits: bool
) -> None:
    seen = msgspec.structs.replace(SEEN, currency=currency)
    found = outcome(told(GOOD | {"target_price": target}), seen=seen)
    assert codes(found) == ([] if fits else ["target_currency"])
    assert found.decision.target_price == (Decimal(500) if fits else None)


def test_tauric_when_its_target_is_in_another_currency_leaves_it_out() -> None:
    seen = msgspec.structs.replace(SEEN, currency="CNY")
    found = outcome(tauric(PM.replace("500.5", "$500.5")), ask=TAURIC, seen=seen)
    assert (codes(found), found.decision.target_price) == (["target_currency"], None)


# -- texts made to be slow -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("engine", "text", "answer"),
    [
        ("tradingagents", PM + "\n" * 150_000, None),
        ("tradingagents", "**Executive Summary**: x" + "\n" * 150_000, None),
        ("tradingagents", PM + "\n **A" * 40_000, None),
        ("tradingagents_cn", "x", "{" * 190_000),
        ("tradingagents_cn", "x", "[{" * 95_000 + "}"),
        ("tradingagents_cn", "x", '{"a":' * 40_000 + "}" * 40_000),
    ],
)
def test_decision_when_its_text_is_made_to_be_slow_is_read_at_once(
    engine: Engine, text: str, answer: str | None
) -> None:
    """What grew with the square of the length took from half a minute to hours for these."""
    ask = msgspec.structs.replace(ASK, engine=engine)
    of = told(GOOD | {"rating": "Buy"}, final_text=text, answer=answer)
    assert outcome(of, ask=ask).decision.action == "buy"


def test_report_when_it_is_made_to_be_slow_is_read_at_once() -> None:
    text = "调用了工具 [" * 20_000
    assert outcome(told(reports=(Report(name="market", title="", text=text),))).reports


# -- reports ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        ("-" * 60, "has only 0 letters"),
        ("| --- | " * 40 + "n/a", "has only 2 letters"),
        ("持有", "has only 2 letters"),
        (
            "市场分析师调用了工具但分析生成失败: ['get_stock_market_data_unified']" + "x" * 60,
            "only says that it",
        ),
        ("基本面分析失败：Connection error." + "x" * 60, "only says that it failed"),
        (
            "基本面分析（股票代码：600519）\n\n由于达到最大工具调用次数限制，使用简化分析模式。" + "x" * 60,
            "only says that it failed",
        ),
        ("基本面分析完成", "only says that it failed"),
        ("市场分析师调用了工具 ['get'] 但处理失败: 500" + "x" * 60, "only says that it failed"),
        ("NO_DATA_AVAILABLE: No usable market data for 'AAPL'" + "x" * 60, "only says that it failed"),
    ],
)
def test_report_when_it_is_none_is_told(text: str, says: str) -> None:
    found = outcome(told(reports=(Report(name="market", title="Market", text=text),)))
    assert codes(found) == ["empty_report"]
    assert says in messages(found)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"judges": JUDGES[1:]}, "the research manager's plan is empty"),
        (
            {"judges": (JUDGES[0], msgspec.structs.replace(JUDGES[1], text="--- "))},
            "the trader's plan is empty",
        ),
        ({"debates": DEBATES[1:]}, "the investment debate has only 1 of its 2 sides"),
        ({"debates": DEBATES[:2]}, "the risk debate has only 0 of its 3 sides"),
        (
            {"debates": (*DEBATES[:4], msgspec.structs.replace(DEBATES[4], text="..."))},
            "the risk debate has only 2 of its 3 sides",
        ),
        ({"final_text": " \n"}, "the final decision is empty"),
    ],
)
def test_report_when_a_judge_or_a_side_of_a_debate_has_none_is_told(changes: Any, says: str) -> None:
    found = outcome(told(**changes))
    assert codes(found) == ["empty_report"]
    assert messages(found) == says


def test_answer_when_it_was_cut_off_is_told_of_its_node() -> None:
    found = outcome(told(cut=("Trader", "Risk Judge", "Trader")))
    assert codes(found) == ["cut_off", "cut_off"]
    assert messages(found).startswith("the answer of Trader was cut off")


def test_report_when_an_analyst_has_none_is_told_of_each() -> None:
    ask = msgspec.structs.replace(ASK, analysts=("market", "news", "social"))
    calls = (CALL, *(msgspec.structs.replace(CALL, tool=tool) for tool in ("news", "sentiment")))
    found = outcome(told(), ask=ask, calls=calls)
    assert codes(found) == ["empty_report", "empty_report"]
    assert messages(found) == ("the news analyst's report is empty\nthe social analyst's report is empty")


@pytest.mark.parametrize("name", ["social", "sentiment", "sentiment_report"])
def test_report_when_an_engine_calls_it_otherwise_is_found(name: str) -> None:
    ask = msgspec.structs.replace(ASK, analysts=("social",))
    call = msgspec.structs.replace(CALL, tool="sentiment")
    found = outcome(told(reports=(Report(name=name, title="", text=REPORT),)), ask=ask, calls=(call,))
    assert codes(found) == []


def test_analyst_when_it_failed_is_told() -> None:
    found = outcome(told(failed=["News Analyst", "News Analyst"]))
    assert codes(found) == ["analyst_failed"]
    assert messages(found).startswith("News Analyst failed")


# -- evidence --------------------------------------------------------------------------------------


def test_evidence_when_nothing_was_looked_at_is_none() -> None:
    assert codes(outcome(told(), calls=())) == ["no_evidence"]
    assert codes(outcome(told(), calls=(msgspec.structs.replace(CALL, tool="info"),))) == ["no_evidence"]


def test_evidence_when_one_analyst_looked_at_nothing_is_told_of_it() -> None:
    ask = msgspec.structs.replace(ASK, analysts=("market", "fundamentals"))
    reports = [Report(name=name, title="", text=REPORT) for name in ("market", "fundamentals")]
    found = outcome(told(reports=reports), ask=ask)
    assert codes(found) == ["no_evidence"]
    assert "the fundamentals analyst looked at no data" in messages(found)


def test_data_when_a_tool_had_none_is_named() -> None:
    lacking = msgspec.structs.replace(
        CALL, tool="fundamentals", error="sample has no company figures of AAPL"
    )
    found = outcome(told(), calls=(CALL, lacking, lacking))
    assert codes(found) == ["no_data"]
    assert messages(found) == "fundamentals: sample has no company figures of AAPL"


def test_data_when_a_refused_call_was_made_well_later_is_there() -> None:
    refused = msgspec.structs.replace(CALL, error="only AAPL may be looked at in this analysis, not 'MSFT'")
    assert codes(outcome(told(), calls=(refused, CALL))) == []


def test_data_when_there_is_no_price_is_said_once() -> None:
    none = Seen(error="FB has no daily bar by 2012-05-17")
    failed = msgspec.structs.replace(CALL, error=none.error)
    assert codes(outcome(told(), calls=(failed,), seen=none)) == ["no_data"]
    assert codes(outcome(told(), seen=none)) == ["no_data"]


def test_data_when_it_is_stale_is_named_with_its_day() -> None:
    old = msgspec.structs.replace(CALL, stale=True, as_of="2013-02-20")
    seen = msgspec.structs.replace(SEEN, stale=True, as_of="2013-02-20")
    found = outcome(told(), calls=(old, old), seen=seen)
    assert codes(found) == ["stale_data"]
    assert messages(found) == "prices of sample end on 2013-02-20: newer data was due"


def test_data_when_it_is_simulated_is_said_once() -> None:
    made = msgspec.structs.replace(CALL, simulated=True, source="synthetic")
    seen = msgspec.structs.replace(SEEN, simulated=True, source="synthetic")
    found = outcome(told(), calls=(made, made), seen=seen)
    assert codes(found) == ["simulated_data"]
    assert "the data of synthetic is simulated" in messages(found)


@pytest.mark.parametrize("as_of", ["2013-03-04", "2013-03-02T00:00:00Z"])
def test_data_when_it_is_later_than_the_date_is_told(as_of: str) -> None:
    found = outcome(told(), calls=(msgspec.structs.replace(CALL, as_of=as_of),))
    assert codes(found) == ["late_data"]
    assert as_of in messages(found)


def test_flaws_when_there_are_several_come_in_the_order_of_the_codes() -> None:
    made = msgspec.structs.replace(CALL, simulated=True, error="x", as_of="2014-01-01")
    found = outcome(
        told(GOOD | {"target_price": 1, "confidence": 9}, failed=["News Analyst"], reports=()), calls=(made,)
    )
    assert codes(found) == sorted(codes(found), key=FLAWS.index)
    assert len(codes(found)) == 8


def test_outcome_when_kept_survives_json() -> None:
    found = outcome(told(failed=["x"]))
    kept = msgspec.json.encode(found)
    again = msgspec.json.decode(kept, type=Outcome)
    assert msgspec.json.encode(again) == kept
    assert (again.decision, again.price) == (found.decision, Decimal("430.47"))
