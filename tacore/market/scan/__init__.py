"""What a scan asks of a market: criteria, presets, and how a feature table is matched against them."""
