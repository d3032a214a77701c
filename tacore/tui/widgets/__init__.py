"""Widgets of the terminal screen."""
