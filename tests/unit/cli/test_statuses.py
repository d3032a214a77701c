from tacore.cli import statuses
from tacore.model import orders


def test_statuses_when_repeated_are_those_of_the_model() -> None:
    assert (statuses.OPEN, statuses.FINAL) == (orders.OPEN, orders.FINAL)


def test_statuses_when_groups_are_named_mean_their_members() -> None:
    assert statuses.read("Open, filled") == ["open", "filled"]
    assert statuses.members(["final", "unknown"]) == {
        "denied",
        "filled",
        "cancelled",
        "expired",
        "rejected",
        "unknown",
    }
    assert statuses.members([]) == frozenset()
