"""Everything pluggable, and what an RPC method is: the seams between tacore's parts."""

from tacore.ports.analyst import Analyst
from tacore.ports.cache import Cache, NoCache
from tacore.ports.jobs import JobDesk
from tacore.ports.journal import Journal
from tacore.ports.later import Later
from tacore.ports.market import (
    DailyBarsProvider,
    FeatureTables,
    FundamentalsProvider,
    MarketData,
    MarketDataProvider,
    NewsProvider,
)
from tacore.ports.method import EXCLUSIVE_POOLS, CacheRule, Context, Method, MethodInfo, Ports
from tacore.ports.orders import OrderDesk
from tacore.ports.venue import Venue

__all__ = [
    "EXCLUSIVE_POOLS",
    "Analyst",
    "Cache",
    "CacheRule",
    "Context",
    "DailyBarsProvider",
    "FeatureTables",
    "FundamentalsProvider",
    "JobDesk",
    "Journal",
    "Later",
    "MarketData",
    "MarketDataProvider",
    "Method",
    "MethodInfo",
    "NewsProvider",
    "NoCache",
    "OrderDesk",
    "Ports",
    "Venue",
]
