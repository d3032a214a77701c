"""How an error reads on a terminal: what, why, what to do."""

import pytest

from tacore.cli.exits import ANSWERED, code_of, explain
from tacore.errors import Denied, IdempotencyMismatch, OutcomeUnknown, Rejected, TacoreError, TradingHalted

ORDER = {"order_id": "o-000007"}


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (Denied("no", details=ORDER), "`tacore order o-000007` shows what was asked for"),
        (TradingHalted("halted", details=ORDER), "`tacore resume` takes orders again"),
        (Rejected("no such asset", details=ORDER), "`tacore order o-000007` shows what the venue said"),
        (IdempotencyMismatch("the key", details=ORDER), "`tacore order o-000007` shows what has this key"),
        (OutcomeUnknown("a time-out", details=ORDER), "`tacore order o-000007` tells, and so does the same"),
        (OutcomeUnknown("the broker lost its worker"), "`tacore orders` tells, and so does the same key"),
    ],
)
def test_error_of_an_order_when_told_says_what_to_do_and_exits_3(error: TacoreError, advice: str) -> None:
    assert advice in explain(error, "execute.order").splitlines()[-1]
    assert code_of(error) == ANSWERED


def test_denial_when_of_one_rule_names_it_and_repeats_nothing() -> None:
    message = "quantity: the order is worth 430470; allowed: at most 100000"
    denial = {
        "rule": "max_order_notional",
        "message": message,
        "limit": 100000,
        "value": 430470,
        "code": "denied",
    }
    details = {"order_id": "o-7", "rule": "max_order_notional", "limit": 100000, "value": 430470}
    error = Denied(message, details={**details, "denials": [denial]})
    assert explain(error).splitlines() == [
        "tacore: denied: quantity: the order is worth 430470; allowed: at most 100000",
        "  order_id: o-7",
        "  rule: max_order_notional",
        "  nothing was sent to a venue; `tacore order o-7` shows what was asked for",
    ]


def test_denial_when_of_several_rules_names_all_of_them() -> None:
    denials = [{"rule": "lot", "message": "quantity: 7"}, {"rule": "tick", "message": "limit_price: 1.234"}]
    details = {"order_id": "o-7", "rule": "lot", "limit": 100, "value": 7, "denials": denials}
    lines = explain(Denied("quantity: 7; limit_price: 1.234", details=details)).splitlines()
    assert lines[1:3] == ["  rules: lot, tick", "  order_id: o-7"]
