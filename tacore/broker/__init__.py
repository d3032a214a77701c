"""The broker: a pure core and the socket loop around it."""
