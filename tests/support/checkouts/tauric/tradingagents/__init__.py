"""Stands in for TauricResearch's TradingAgents: its surface, calls and silent failures, no line of it."""

import dotenv

dotenv.load_dotenv(dotenv.find_dotenv(usecwd=True))
dotenv.load_dotenv(dotenv.find_dotenv(".env.enterprise", usecwd=True))
