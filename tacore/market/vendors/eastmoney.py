"""akshare's functions for East Money, on a session of ours."""

import importlib.util
import warnings
from types import ModuleType

from tacore.errors import ConfigurationError, NotFound
from tacore.market.vendors.faults import fault
from tacore.market.vendors.session import VendorSession

_VENDOR = "akshare"


class EastMoneySession(VendorSession):
    """East Money says by a null that there is no such symbol; akshare would stumble over it."""

    def check(self, said: object) -> None:
        """Raise NotFound where East Money knows no such symbol."""
        if not isinstance(said, dict):
            raise fault(_VENDOR, "malformed", "no object")
        for key in ("data", "result"):
            if key in said and said[key] is None:
                raise NotFound("East Money has no such symbol")


class EastMoney:
    """akshare's functions, from copies of its modules whose ``requests`` is the session.

    akshare asks fixed addresses through the requests module, mostly without a timeout, and reads an answer
    without a look at its status. A copy leaves akshare as it is for others in the process, and lets two
    markets ask different addresses.
    """

    def __init__(self, session: EastMoneySession) -> None:
        history = copy_of("akshare.stock_feature.stock_hist_em")
        info, profile = copy_of("akshare.stock.stock_info_em"), copy_of("akshare.stock.stock_profile_em")
        for module in (history, info, profile):
            vars(module)["requests"] = session
        paging = copy_of("akshare.utils.func")
        # Its own asks three times, asleep in between, and pages show a bar of their progress on the terminal.
        vars(paging).update(
            request_with_retry=lambda url, params, timeout: session.get(url, params=params),
            get_tqdm=lambda: lambda pages, **_: pages,
        )
        vars(history)["fetch_paginated_data"] = paging.fetch_paginated_data
        self.mainland_daily = history.stock_zh_a_hist
        self.mainland_minutes = history.stock_zh_a_hist_min_em
        self.mainland_list = history.stock_zh_a_spot_em
        self.mainland_info = info.stock_individual_info_em
        self.hongkong_daily = history.stock_hk_hist
        self.hongkong_minutes = history.stock_hk_hist_min_em
        self.hongkong_list = history.stock_hk_spot_em
        self.hongkong_info = profile.stock_hk_security_profile_em


def copy_of(name: str) -> ModuleType:
    """Give a copy of a module of akshare's, whose names may be changed without touching akshare."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # akshare's own, of what it imports
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            raise ConfigurationError(f"this akshare has no {name}: run pip install -U 'tacore[akshare]'")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module
