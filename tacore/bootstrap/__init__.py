"""Puts the parts together: the only package that chooses implementations from the settings.

One module per role. ``python -m tacore.bootstrap ROLE`` plays a role as a child process.
"""
