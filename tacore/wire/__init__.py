"""Bytes only: frames, envelope and codec; no sockets."""
