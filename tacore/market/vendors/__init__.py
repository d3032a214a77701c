"""What the providers that ask a vendor share: faults, sessions, bars, and the way from a port to a vendor."""
