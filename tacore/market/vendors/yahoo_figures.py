"""A company's figures as Yahoo's quoteSummary has them, in our words and units."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tacore.market.vendors.bars import utc
from tacore.model import Fundamentals

MODULES = ("price", "summaryDetail", "defaultKeyStatistics", "financialData")
_PERCENT = Decimal(100)
_OF_PERCENT = Decimal("0.01")


def figures_in(said: Mapping[str, Any], source: str) -> Fundamentals | None:
    """Read the modules of one symbol; None where they have no figure at all.

    They are as of the price that ratios are made with. What puts a price beside a report is left out where
    the two are in different currencies (a share in HKD whose company reports in CNY): Yahoo divides them as
    they are. KeyError, TypeError or ArithmeticError mean that the answer makes no sense.
    """
    price, detail, statistics, report = (said.get(name) or {} for name in MODULES)
    figures = {
        "market_cap": _read(detail, "marketCap"),
        "dividend_yield_pct": _read(detail, "trailingAnnualDividendYield", _PERCENT),
        "revenue_growth_pct": _read(report, "revenueGrowth", _PERCENT),
        "earnings_growth_pct": _read(report, "earningsGrowth", _PERCENT),
        "profit_margin_pct": _read(report, "profitMargins", _PERCENT),
        "return_on_equity_pct": _read(report, "returnOnEquity", _PERCENT),
        "debt_to_equity": _read(report, "debtToEquity", _OF_PERCENT),
    }
    if report.get("financialCurrency") == price["currency"]:
        figures |= {
            "price_to_earnings": _read(detail, "trailingPE"),
            "price_to_book": _read(statistics, "priceToBook"),
            "price_to_sales": _read(detail, "priceToSalesTrailing12Months"),
            "earnings_per_share": _read(statistics, "trailingEps"),
        }
    if all(each is None for each in figures.values()):
        return None
    return Fundamentals(as_of=utc(price["regularMarketTime"]), source=source, **figures)


def _read(module: Mapping[str, Any], name: str, unit: Decimal = Decimal(1)) -> float | None:
    """Give a figure in another unit; None where there is none, or an infinite one (a ratio to 0)."""
    value = module.get(name)
    if value is None or value == {}:
        return None
    read = Decimal(str(value))
    return float(read * unit) if read.is_finite() else None
