"""One file per provider, found by the registry through its module attribute ``PROVIDER``."""
