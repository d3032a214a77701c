"""Agent jobs: their database, the desk that runs them one process each, and how answers show them."""
