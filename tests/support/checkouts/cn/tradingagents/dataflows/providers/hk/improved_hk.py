"""Names of companies of Hong Kong."""

from ...interface import forbidden


def get_hk_company_name_improved(symbol: str) -> str:
    return forbidden("get_hk_company_name_improved")
