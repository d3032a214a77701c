"""Market data providers, one file each."""
