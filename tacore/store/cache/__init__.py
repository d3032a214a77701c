"""The cache: a level in each process, and Redis behind it where that is configured."""
