import pytest

from tacore.store.options import WriterOptions, parse


def test_options_when_given_as_argv_are_read_back() -> None:
    options = WriterOptions("a b.db", "x.lock", "", 0, 2, 0.5, 100, 7.0, 50.0, 1_000, 1.5, 9)

    assert parse([*options.argv()[3:], "--fd", "9"]) == options


def test_options_when_the_socket_is_missing_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(WriterOptions("a.db", "x.lock").argv()[3:])

    assert "--fd" in capsys.readouterr().err
