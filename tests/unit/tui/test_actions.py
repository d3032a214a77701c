"""What can be done: the words, the request, and that the command says the same."""

import pytest

from tacore.errors import InvalidParams
from tacore.tui import actions
from tests.support.stage import order, worker


def test_restart_when_asked_names_the_worker_and_its_process() -> None:
    action = actions.restart(worker("fast-1"))
    assert (action.method, action.params) == ("admin.restart", {"worker_id": "fast-1"})
    assert "fast-1 (pid 4007)" in action.effect
    assert action.command == "tacore worker restart fast-1"
    assert not action.grave


def test_drain_when_it_is_the_executor_warns_of_orders() -> None:
    action = actions.drain(worker("orders-1", "orders"))
    assert action.grave
    assert "No orders can be placed" in action.effect


def test_drain_when_it_is_the_job_manager_warns_of_jobs() -> None:
    assert "No agent job runs" in actions.drain(worker("agents-1", "agents")).effect
    assert "agent jobs wait" in actions.restart(worker("agents-1", "agents")).effect


def test_scale_when_answered_says_the_difference() -> None:
    asked = actions.scale("fast", {"fast-s": 2}, "fast-s")
    assert asked.value == "2"
    action = asked.make("5")
    assert action.params == {"workers": 5, "pool": "fast"}
    assert action.command == "tacore worker scale 5"
    assert "3 workers more" in action.effect
    assert "1 worker less" in asked.make("1").effect
    assert asked.make("0").grave


def test_scale_when_a_pool_has_several_supervisors_names_one() -> None:
    action = actions.scale("fast", {"a": 2, "b": 4}, "b").make("3")
    assert action.params == {"workers": 3, "pool": "fast", "supervisor": "b"}
    assert action.command == "tacore worker scale 3 --supervisor b"
    assert "1 worker less" in action.effect


@pytest.mark.parametrize("text", ["", "-1", "2.5", "many", "100000"])
def test_scale_when_the_answer_is_no_count_is_refused(text: str) -> None:
    with pytest.raises(InvalidParams, match="whole number"):
        actions.scale("fast", {}, None).make(text)


def test_trading_when_halted_keeps_the_reason() -> None:
    action = actions.trading("halted", "active").make(" a look ")
    assert action.params == {"state": "halted", "reason": "a look"}
    assert action.command == "tacore halt --reason 'a look'"
    assert actions.trading("active", "halted").make("").command == "tacore resume"
    assert actions.trading("reducing", None).make("").command == "tacore halt --reducing"


def test_cancel_when_money_is_real_is_grave() -> None:
    assert not actions.cancel(order(4)).grave
    assert actions.cancel(order(4, paper=False)).grave
