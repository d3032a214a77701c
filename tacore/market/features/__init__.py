"""The feature table of a market: what a scan filters, sorts and shows."""
