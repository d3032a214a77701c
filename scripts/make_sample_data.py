"""Make tacore/market/data/sample_daily.csv.gz from the PyPI package bokeh_sampledata.

Run it in an environment that has bokeh_sampledata 2026.1 or later:

    pip install --no-deps bokeh_sampledata==2026.1
    python scripts/make_sample_data.py

The same source gives the same text on every machine, and the same bytes with the same zlib: the archive
carries no time and no file name.
"""

import csv
import gzip
import hashlib
import io
from importlib import metadata
from pathlib import Path

TARGET = Path(__file__).parent.parent / "tacore" / "market" / "data" / "sample_daily.csv.gz"
COLUMNS = {
    "Ticker": "symbol",
    "Date": "session",
    "Open": "open",
    "High": "high",
    "Low": "low",
    "Close": "close",
    "Volume": "volume",
    "Adj Close": "adjusted_close",
}


def source_rows() -> list[dict[str, str]]:
    """Read the package's own file, for its module would turn the published decimals into floats."""
    for file in metadata.files("bokeh_sampledata") or ():
        if file.name == "stocks.csv.gz":
            with gzip.open(Path(str(file.locate())), "rt", encoding="utf-8", newline="") as lines:
                return list(csv.DictReader(lines))
    raise SystemExit("bokeh_sampledata carries no stocks.csv.gz: install 2026.1 or later")


def render(rows: list[dict[str, str]]) -> str:
    """Give the rows as CSV text, by symbol and session, digits untouched."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS.values())
    writer.writerows(sorted([row[name] for name in COLUMNS] for row in rows))
    return text.getvalue()


def compress(text: str) -> bytes:
    """Give a gzip member without time or name."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=9, mtime=0, filename="") as archive:
        archive.write(text.encode())
    return packed.getvalue()


def main() -> None:
    """Write the file and say what it holds."""
    rows = source_rows()
    text = render(rows)
    TARGET.write_bytes(compress(text))
    print(f"{TARGET.name}: {len(rows)} sessions, {TARGET.stat().st_size} bytes")
    print(f"sha256 of the text: {hashlib.sha256(text.encode()).hexdigest()}")


if __name__ == "__main__":
    main()
