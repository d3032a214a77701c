"""Who answers questions about the market: a network, which no test has."""


class NetworkForbidden(BaseException):
    """The stand-in would have gone to a data source of its own: the runner has left one in place."""


def forbidden(what: str) -> str:
    raise NetworkForbidden(what)


def get_china_stock_info_unified(ticker: str) -> str:
    return forbidden("get_china_stock_info_unified")
