"""What a company is called."""

import re

from ...dataflows import data_source_manager, interface
from ...dataflows.providers.hk import improved_hk


def company_name(ticker: str) -> str:
    if re.fullmatch(r"\d{6}", ticker):
        found = re.search(r"股票名称: (.+)\n", interface.get_china_stock_info_unified(ticker))
        return found[1] if found else data_source_manager.get_china_stock_info_unified(ticker)["name"]
    if re.fullmatch(r"\d{4,5}(\.HK)?", ticker):
        return improved_hk.get_hk_company_name_improved(ticker)
    return f"美股{ticker}"
