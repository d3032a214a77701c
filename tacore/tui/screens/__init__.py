"""Screens: the main one, and those that lie above it."""
