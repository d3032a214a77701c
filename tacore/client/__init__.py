"""Lazy Pirate clients, sync and async."""
