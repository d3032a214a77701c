"""Orders: the ledger, the gate before a trade, the venues and the desk that joins them."""
