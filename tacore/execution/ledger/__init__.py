"""The ledger of orders: one SQLite file, one process that writes it, one thread that holds it."""

from tacore.execution.ledger.faults import Fenced, IllegalTransition
from tacore.execution.ledger.ledger import Ledger
from tacore.execution.ledger.reads import Reads
from tacore.execution.ledger.transaction import Transaction

__all__ = ["Fenced", "IllegalTransition", "Ledger", "Reads", "Transaction"]
