"""Order execution: the pre-trade gate, the ledger, the venues and the desk that joins them."""
