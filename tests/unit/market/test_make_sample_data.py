"""The script that makes the sample file."""

import csv
import gzip
import io

from scripts.make_sample_data import COLUMNS, TARGET, compress, render


def test_text_when_rendered_from_shuffled_rows_is_the_carried_one() -> None:
    text = gzip.decompress(TARGET.read_bytes()).decode()
    rows = [{old: row[new] for old, new in COLUMNS.items()} for row in csv.DictReader(io.StringIO(text))]
    assert render(rows[::-1]) == text


def test_archive_when_made_carries_neither_time_nor_name() -> None:
    packed = compress("symbol\n")
    assert packed[3] == 0  # RFC 1952: no flags, so no file name
    assert packed[4:8] == bytes(4)  # no modification time
    assert gzip.decompress(packed) == b"symbol\n"
