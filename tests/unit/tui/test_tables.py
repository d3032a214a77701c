"""Tables without a terminal: rows, filters, order, and which columns have room."""

import pytest

from tacore.errors import InvalidParams
from tacore.tui.snapshot import Snapshot
from tacore.tui.table import Column, Order, Row, arranged, fit, reads
from tacore.tui.tables import METHODS, ORDERS, REQUESTS, TABLES, WORKERS
from tests.support.stage import order, rate, request, worker


def cells(row: Row) -> list[str]:
    return [cell.text for cell in row.cells]


def keys(rows: list[Row]) -> list[str]:
    return [row.key for row in rows]


STAFF = Snapshot(
    0.0,
    "e",
    workers=(worker("fast-2", cpu=0.1), worker("fast-1", cpu=None), worker("orders-1", "orders", cpu=0.9)),
)


def test_request_when_it_failed_shows_its_code_and_message() -> None:
    (row,) = REQUESTS.rows(Snapshot(0.0, "e", requests=(request(5),)))
    assert row.cells[2][::2] == ("invalid_params", "bad")
    assert row.cells[-1].text == "n: is odd"


def test_request_when_its_error_was_cut_shows_what_is_left() -> None:
    (row,) = REQUESTS.rows(Snapshot(0.0, "e", requests=(request(5, error='{"code": "x", "mess'),)))
    assert row.cells[-1].text == '{"code": "x", "mess'


def test_cell_when_a_client_sent_control_codes_moves_no_cursor() -> None:
    (row,) = REQUESTS.rows(
        Snapshot(0.0, "e", requests=(request(1, request_id="a\x1b[2J\nb", method="\r\x07"),))
    )
    assert all(text.isprintable() for text in cells(row))


def test_worker_when_its_state_is_of_the_past_claims_nothing() -> None:
    (row,) = WORKERS.rows(Snapshot(0.0, "e", workers=(worker("fast-1", state="unknown", pid=0),)))
    assert cells(row)[3:5] == ["-", "-"]
    assert cells(row)[9] == "-"


def test_order_when_it_is_no_paper_is_marked_live() -> None:
    (row,) = ORDERS.rows(Snapshot(0.0, "e", orders=(order(1, paper=False),)))
    assert row.cells[ORDERS.position("mode")] == ("LIVE", True, "bad")
    (row,) = ORDERS.rows(Snapshot(0.0, "e", orders=({"paper": None} | order(1) | {"paper": None},)))
    assert row.cells[ORDERS.position("mode")].text == "LIVE"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", ["fast-2", "fast-1", "orders-1"]),
        ("fast", ["fast-2", "fast-1"]),
        ("FAST -1", ["fast-1"]),
        ("pool:orders", ["orders-1"]),
        ("worker:1 pool:fast", ["fast-1"]),
        ("nothing", []),
    ],
)
def test_filter_when_typed_passes_rows_that_have_all_words(text: str, wanted: list[str]) -> None:
    rows = arranged(WORKERS, WORKERS.rows(STAFF), reads(WORKERS, text), Order())
    assert keys(rows) == wanted


def test_filter_when_its_column_is_misspelled_names_the_nearest() -> None:
    with pytest.raises(InvalidParams, match="did you mean pool"):
        reads(WORKERS, "pol:fast")


def test_order_when_a_value_is_missing_puts_it_last_either_way() -> None:
    rows = WORKERS.rows(STAFF)
    assert keys(arranged(WORKERS, rows, [], Order("cpu"))) == ["fast-2", "orders-1", "fast-1"]
    assert keys(arranged(WORKERS, rows, [], Order("cpu", descending=True))) == [
        "orders-1",
        "fast-2",
        "fast-1",
    ]


def test_methods_when_not_ordered_otherwise_begin_with_the_busiest() -> None:
    rows = METHODS.rows(Snapshot(0.0, "e", rates=(rate("a", 1, 0), rate("b", 5, 0))))
    assert keys(arranged(METHODS, rows, [], METHODS.first)) == ["b", "a"]


@pytest.mark.parametrize("name", sorted(TABLES))
@pytest.mark.parametrize("width", [58, 78, 79, 80, 100, 120, 160, 199, 200, 300])
def test_columns_when_laid_out_never_pass_the_width(name: str, width: int) -> None:
    columns = TABLES[name].columns
    laid = fit(columns, width)
    used = sum(laid.widths) + laid.gap * (len(laid.widths) - 1)
    assert used <= width or all(columns[at].level == 0 for at in laid.columns)
    assert list(laid.columns) == sorted(laid.columns)


@pytest.mark.parametrize("name", sorted(TABLES))
def test_columns_when_there_are_80_show_all_that_matters(name: str) -> None:
    columns = TABLES[name].columns
    laid = fit(columns, 80)
    assert sum(laid.widths) + laid.gap * (len(laid.widths) - 1) <= 80
    assert {at for at, each in enumerate(columns) if each.level == 0} <= set(laid.columns)


def test_columns_when_there_is_room_grow_and_leave_the_rest_to_one() -> None:
    columns = (Column("a", "A", 5, most=9), Column("b", "B", 5), Column("c", "C", 0))
    assert fit(columns, 40).widths == (9, 5, 24)
    assert fit(columns, 22).widths == (5, 5, 10)


def test_rows_when_their_things_are_the_same_are_not_made_again() -> None:
    first, second = request(1), request(2)
    known = REQUESTS.rows(Snapshot(0.0, "e", requests=(first,)))
    rows = REQUESTS.rows(Snapshot(0.0, "e", requests=(second, first)), known)
    assert rows[1] is known[0]
    assert rows[0].source is second
