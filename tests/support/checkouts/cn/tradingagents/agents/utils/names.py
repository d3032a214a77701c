"""What a company is called."""

import re

from ...dataflows import data_source_manager, interface
from ...dataflows.providers.hk import improved_hk
from ...utils.stock_utils import identify_market


def company_name(ticker: str) -> str:
    market = identify_market(ticker)
    if market == "china":
        found = re.search(r"股票名称: (.+)\n", interface.get_china_stock_info_unified(ticker))
        return found[1] if found else data_source_manager.get_china_stock_info_unified(ticker)["name"]
    if market == "hong_kong":
        return improved_hk.get_hk_company_name_improved(ticker)
    return f"美股{ticker}"
