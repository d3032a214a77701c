"""Stands in for TradingAgents-CN: its surface, nodes, calls and silent failures, and no line of it.

Importing it writes into the folder above the package, reads a .env and prints, as the real one does.
"""

import json
import logging
import os
import sys
from pathlib import Path

import dotenv

dotenv.load_dotenv()
ROOT = Path(__file__).absolute().parent.parent
(ROOT / "config").mkdir(exist_ok=True)
for name in ("models", "pricing", "settings"):
    (ROOT / "config" / f"{name}.json").write_text(json.dumps({"api_key": ""}))
logging.getLogger().handlers = [logging.StreamHandler(sys.stdout)]
logging.getLogger().setLevel(os.environ.get("TRADINGAGENTS_LOG_LEVEL", "INFO"))
sys.stdout.write("TradingAgents-CN stand-in imported\n")
