"""The invented market: random numbers by counter, price paths, and the universe that trades."""
