"""ZeroMQ's protocol, the server's side, for clients whose connections the broker reads and writes itself.

ZMTP 3 with the NULL mechanism, and ZMTP 2, whose frames are the same (ZeroMQ's RFC 23, 37 and 15). There is
no socket here: bytes go in, messages and bytes to send come out.
"""

import struct
from collections.abc import Callable, Generator, Iterator

Message = tuple[bool, bytes | int]
"""Whether an empty frame came first, and the frame after it, or how many frames there were."""

MORE, LONG, COMMAND = 1, 2, 4
MOST_SHORT = 255
MOST_HANDSHAKE = 8192
MOST_IDENTITY = 255
MOST_CONTEXT = 16
ROUTER_OF_2 = 6
PEERS_OF_2 = (3, 5, ROUTER_OF_2)
PEERS = (b"REQ", b"DEALER", b"ROUTER")
SIGNATURE = b"\xff\0\0\0\0\0\0\0\1\x7f"
VERSION_3, VERSION_2 = 3, 1
REST_OF_GREETING = b"\1" + b"NULL".ljust(20, b"\0") + bytes(32)
MECHANISM = slice(12, 32)
GREETING_BYTES = len(SIGNATURE) + 1 + len(REST_OF_GREETING)
READY_OF_2 = bytes([ROUTER_OF_2, 0, 0])
_LONG_SIZE = struct.Struct(">Q")
_PROPERTY_SIZE = struct.Struct(">I")


class Violation(Exception):
    """The other end does not speak the protocol, or wants what is not offered."""


def _command(name: bytes, data: bytes) -> bytes:
    body = bytes([len(name)]) + name + data
    return bytes([COMMAND, len(body)]) + body


def _property(name: bytes, value: bytes) -> bytes:
    return bytes([len(name)]) + name + _PROPERTY_SIZE.pack(len(value)) + value


READY = _command(b"READY", _property(b"Socket-Type", b"ROUTER") + _property(b"Identity", b""))
_DELIMITED = b"\1\0\0"
_SHORT = [bytes([0, size]) for size in range(MOST_SHORT + 1)]
_SHORT_DELIMITED = [bytes([MORE, 0, 0, size]) for size in range(MOST_SHORT + 1)]


def head(size: int, delimited: bool) -> bytes:
    """Give what goes before a reply of that many bytes: its frame's head, after an empty frame if wanted."""
    if size <= MOST_SHORT:
        return (_SHORT_DELIMITED if delimited else _SHORT)[size]
    return (b"\1\0\2" if delimited else b"\2") + _LONG_SIZE.pack(size)


class Session:
    """One client's connection, from its greeting on.

    ``identity`` is None until the client has said who it is, then the routing id that it chose, or b"".
    ``to_send`` is what the protocol itself wants sent, for the caller to send and empty. ``wanted`` bytes are
    missing at least until the next frame is whole; 0 between two frames.
    """

    __slots__ = (
        "_delimited",
        "_frames",
        "_heard",
        "_max_bytes",
        "_partial",
        "_step",
        "identity",
        "to_send",
        "wanted",
    )

    def __init__(self, max_bytes: int) -> None:
        self.identity: bytes | None = None
        self.to_send = [SIGNATURE]
        self.wanted = 0
        self._max_bytes = max_bytes
        self._step: Callable[[], bool] | None = self._hear_signature
        self._heard = b""
        self._partial = bytearray()
        self._frames = 0
        self._delimited = False

    def feed(self, data: bytes) -> Iterator[Message]:
        """Take what came; give the messages that are whole now, each read when it is taken.

        A Violation, here or among the messages, is the session's end. Nothing more may come before all of
        them are taken.
        """
        if self._step is not None:
            data = self._shake_hands(data)
        elif self._partial:
            self._partial += data
            if len(data) < self.wanted:
                self.wanted -= len(data)
                return iter(())
            data = bytes(self._partial)
            self._partial.clear()
        return self._read(data)

    # -- frames ------------------------------------------------------------------------------------

    def _read(self, data: bytes) -> Iterator[Message]:
        frames, delimited = self._frames, self._delimited
        at, end, whole = 0, len(data), 0
        if not frames:
            at = yield from _read_usual(data)
        while at < end:
            whole = at + 2
            if whole > end:
                break
            flags, size = data[at], data[at + 1]
            if flags & LONG:
                whole = at + 9
                if whole > end:
                    break
                size = self._long_size(data, at + 1)
                flags -= LONG
            begin = whole
            whole += size
            if whole > end:
                break
            at = whole
            if not flags:
                alone = frames == delimited
                yield delimited or not (frames or size), data[begin:at] if alone else frames + 1
                frames, delimited = 0, False
            elif flags == MORE:
                delimited = delimited or not (frames or size)
                frames += 1
            else:
                self._on_command(flags, data[begin:at])
        self._frames, self._delimited = frames, delimited
        self.wanted = 0
        if at < end:
            self.wanted = whole - end
            self._partial += data[at:]

    def _long_size(self, data: bytes, at: int) -> int:
        size: int = _LONG_SIZE.unpack_from(data, at)[0]
        if size > self._max_bytes:
            raise Violation(f"a frame of {size} bytes; {self._max_bytes} are allowed")
        return size

    def _on_command(self, flags: int, command: bytes) -> None:
        if flags != COMMAND:
            raise Violation(f"a frame with the flags {flags}")
        name, data = _short(command, 0)
        if name == b"PING":
            self.to_send.append(_command(b"PONG", command[data + 2 : data + 2 + MOST_CONTEXT]))

    # -- the handshake -----------------------------------------------------------------------------

    def _shake_hands(self, data: bytes) -> bytes:
        """Take the steps that what came is enough for; give what came after the last one."""
        self._heard += data
        while self._step is not None:
            if not self._step():
                if len(self._heard) > MOST_HANDSHAKE:
                    raise Violation("a handshake without end")
                return b""
        rest, self._heard = self._heard, b""
        return rest

    def _hear_signature(self) -> bool:
        heard, whole = self._heard, len(SIGNATURE)
        if heard and heard[0] != SIGNATURE[0]:
            raise Violation("no greeting of ZMTP 2 or 3")
        if len(heard) < whole:
            return False
        if not heard[whole - 1] & 1:
            raise Violation("no greeting of ZMTP 2 or 3")
        self.to_send.append(bytes([VERSION_3]))
        self._step = self._hear_version
        return True

    def _hear_version(self) -> bool:
        if len(self._heard) <= len(SIGNATURE):
            return False
        version = self._heard[len(SIGNATURE)]
        if version >= VERSION_3:
            self.to_send.append(REST_OF_GREETING)
            self._step = self._hear_mechanism
        elif version == VERSION_2:
            self.to_send.append(READY_OF_2)
            self._step = self._hear_identity_of_2
        else:
            raise Violation(f"revision {version} of ZMTP's greeting")
        return True

    def _hear_mechanism(self) -> bool:
        if len(self._heard) < GREETING_BYTES:
            return False
        mechanism = self._heard[MECHANISM].rstrip(b"\0")
        if mechanism != b"NULL":
            raise Violation(f"the mechanism {mechanism!r}; NULL is spoken here")
        self._heard = self._heard[GREETING_BYTES:]
        self.to_send.append(READY)
        self._step = self._hear_ready
        return True

    def _hear_ready(self) -> bool:
        found = self._whole_frame(0)
        if found is None:
            return False
        flags, begin, end = found
        name, at = _short(self._heard[:end], begin)
        if flags != COMMAND or name != b"READY":
            raise Violation("no READY after the greeting")
        told = dict(_properties(self._heard[:end], at))
        kind = told.get(b"socket-type", b"")
        if kind not in PEERS:
            raise Violation(f"a socket of the kind {kind!r}; REQ, DEALER and ROUTER are answered here")
        self._is_met(told.get(b"identity", b""), end)
        return True

    def _hear_identity_of_2(self) -> bool:
        at = len(SIGNATURE) + 1
        found = self._whole_frame(at + 1)
        if found is None:
            return False
        kind = self._heard[at]
        if kind not in PEERS_OF_2:
            raise Violation(f"a socket of the kind {kind}; REQ, DEALER and ROUTER are answered here")
        flags, begin, end = found
        if flags:
            raise Violation("no identity after the greeting")
        self._is_met(self._heard[begin:end], end)
        return True

    def _is_met(self, identity: bytes, end: int) -> None:
        if len(identity) > MOST_IDENTITY or identity.startswith(b"\0"):
            raise Violation("an identity that is too long or begins with a zero")
        self.identity = identity
        self._heard = self._heard[end:]
        self._step = None

    def _whole_frame(self, at: int) -> tuple[int, int, int] | None:
        """Give the flags, beginning and end of the frame there, or None where it is not whole yet."""
        heard = self._heard
        begin = at + (9 if len(heard) > at and heard[at] & LONG else 2)
        if len(heard) < begin:
            return None
        size = heard[at + 1] if begin == at + 2 else self._long_size(heard, at + 1)
        return (heard[at] & ~LONG, begin, begin + size) if len(heard) >= begin + size else None


def _read_usual(data: bytes) -> Generator[Message, None, int]:
    """Read messages of an empty frame and a short one, as most clients send; give where these end."""
    at, end = 0, len(data)
    while data.startswith(_DELIMITED, at) and at + 4 <= end:
        whole = at + 4 + data[at + 3]
        if whole > end:
            break
        yield True, data[at + 4 : whole]
        at = whole
    return at


def _short(data: bytes, at: int) -> tuple[bytes, int]:
    """Read a text that has its length in one byte before it; give where it ends too."""
    begin = at + 1
    end = begin + data[at] if at < len(data) else begin
    if end > len(data):
        raise Violation("a command that is cut short")
    return data[begin:end], end


def _properties(data: bytes, at: int) -> Iterator[tuple[bytes, bytes]]:
    while at < len(data):
        name, at = _short(data, at)
        if at + _PROPERTY_SIZE.size > len(data):
            raise Violation("a property that is cut short")
        begin = at + _PROPERTY_SIZE.size
        at = begin + _PROPERTY_SIZE.unpack_from(data, at)[0]
        if at > len(data):
            raise Violation("a property that is cut short")
        yield name.lower(), data[begin:at]
