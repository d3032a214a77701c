"""The other way to a company's name."""

from .interface import forbidden


def get_china_stock_info_unified(ticker: str) -> dict[str, str]:
    return {"name": forbidden("data_source_manager.get_china_stock_info_unified")}
