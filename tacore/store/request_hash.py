"""The hash that finds a request by its id: the same in every process, and for 1 as for "1"."""

from zlib import crc32

hash_name = crc32


def hash_of(request_id: str | int) -> int:
    """Give 32 bits."""
    return hash_name(str(request_id).encode())
