"""The call's second socket, whose other end is egress: frames, streams, and who waits for what.

The layout is protocol/messages_fetch.h.  Nothing here decides anything: egress checks every field again.
"""

import asyncio
import collections
import os
import select
import struct
from typing import NamedTuple

from . import loop as call_loop

_SOCKET = 4  # jail::kCallEgressFd
_HEAD = struct.Struct("<IIHBB")
_NOTICE = 4  # wire::FrameKind::kNotice
_ONE_READ = 256 * 1024
_GONE = (
    "there is no network here: a draft run has none; in a call, the process that carries it ended, "
    "so call the tool again"
)

NO_BODY, SIZED, UNSIZED = 1, 2, 3  # protocol::BodyKind
GONE = 0  # beside protocol::FetchFault


class Ops(NamedTuple):
    """protocol::Op by name, and two limits."""

    start: int
    body: int
    room: int
    stop: int
    head: int
    data: int
    end: int
    failed: int
    window: int
    data_bytes: int


class Failed(Exception):
    """FetchFailed: its number and its words."""

    def __init__(self, fault, text):
        super().__init__(text)
        self.fault = fault


class Head(NamedTuple):
    status: int
    version: bytes
    reason: bytes
    headers: list


_VERSIONS = {1: b"HTTP/1.0", 2: b"HTTP/1.1", 3: b"HTTP/2"}


def _counted(data):
    return len(data).to_bytes(4, "little") + data


class _Reader:
    def __init__(self, view):
        self._view = view
        self._at = 0

    def number(self, size):
        self._at += size
        return int.from_bytes(self._view[self._at - size : self._at], "little")

    def data(self):
        size = self.number(4)
        self._at += size
        return bytes(self._view[self._at - size : self._at])


class Stream:
    """One exchange.  Events arrive in order: a Head, bytes..., None at the end; or a Failed."""

    def __init__(self, link, number, room):
        self._link = link
        self.number = number
        self.room = room
        self.events = collections.deque()
        self.waiter = None
        self.over = False

    def _take(self):
        event = self.events.popleft()
        if isinstance(event, bytes):
            self._link.give_room(self.number, len(event))
        if isinstance(event, Failed):
            raise event
        return event

    def next(self):
        """The next event, for code without a loop."""
        while not self.events:
            self._link.wait()
        return self._take()

    async def next_soon(self):
        """The next event, for code that others run beside."""
        while not self.events:
            await self._link.wait_soon(self)
        return self._take()

    def answered(self):
        """True when no more of the body is wanted: the exchange is over, or the server has refused it.

        Of a success that comes early the server may still read on.
        """
        first = self.events[0] if self.events else None
        return self.over or (isinstance(first, Head) and first.status >= 300)

    def send(self, data, last=False):
        """What there is room for of `data`; returns the rest."""
        taken = min(len(data), self.room, self._link.ops.data_bytes)
        self.room -= taken
        done = last and taken == len(data)
        self._link.send(self._link.ops.body, struct.pack("<IB", self.number, done) + _counted(data[:taken]))
        return data[taken:]

    def stop(self):
        self._link.forget(self)


class Link:
    """The socket.  Made in the zygote, used in one child; reads only when poll() says so."""

    def __init__(self, ops):
        self.ops = ops
        self._streams = {}
        self._last = 0
        self._incoming = bytearray()
        self._watchers = {}
        self._gone = False

    def open(self, fields):
        """Begins an exchange: fields as FetchStart has them after `stream`."""
        self._last += 1
        stream = Stream(self, self._last, self.ops.window)
        self._streams[stream.number] = stream
        self.send(self.ops.start, stream.number.to_bytes(4, "little") + fields)
        return stream

    def send(self, op, payload):
        if self._gone:
            return
        data = memoryview(_HEAD.pack(len(payload), 0, op, _NOTICE, 0) + payload)
        try:
            while data:
                data = data[os.write(_SOCKET, data) :]
        except OSError:
            self._lost()

    def give_room(self, number, size):
        self.send(self.ops.room, struct.pack("<II", number, size))

    def forget(self, stream):
        if self._streams.pop(stream.number, None) is not None and not stream.over:
            self.send(self.ops.stop, stream.number.to_bytes(4, "little"))

    def wait(self):
        if self._gone:
            return self._lost()
        call_loop.tool_waits()
        left = call_loop.time_left()
        poll = select.poll()
        poll.register(_SOCKET, select.POLLIN)
        poll.poll(None if left is None else max(0, left * 1000))
        if left is not None and call_loop.time_left() <= 0:
            raise call_loop.DeadlinePassed
        self._read()

    async def wait_soon(self, stream):
        if self._gone:
            return self._lost()
        running = asyncio.get_running_loop()
        stream.waiter = running.create_future()
        self._watch(running, 1)
        try:
            await stream.waiter
        finally:
            stream.waiter = None
            self._watch(running, -1)

    def _watch(self, running, by):
        count = self._watchers.get(running, 0)
        self._watchers[running] = count + by
        if count == 0:
            running.add_reader(_SOCKET, self._read)
        elif count + by == 0:
            running.remove_reader(_SOCKET)
            del self._watchers[running]

    def _lost(self):
        self._gone = True
        for stream in list(self._streams.values()):
            self._add(stream, Failed(GONE, _GONE), True)

    def _read(self):
        try:
            data = os.read(_SOCKET, _ONE_READ)
        except OSError:
            data = b""
        if not data:
            return self._lost()
        self._incoming += data
        view = memoryview(self._incoming)
        at = 0
        while len(view) - at >= _HEAD.size:
            size, _, op, _, _ = _HEAD.unpack_from(view, at)
            if len(view) - at < _HEAD.size + size:
                break
            self._take(op, view[at + _HEAD.size : at + _HEAD.size + size])
            at += _HEAD.size + size
        view.release()
        del self._incoming[:at]

    def _take(self, op, payload):
        reader = _Reader(payload)
        stream = self._streams.get(reader.number(4))
        if stream is None:
            return
        ops = self.ops
        if op == ops.data:
            self._add(stream, reader.data(), False)
        elif op == ops.room:
            stream.room += reader.number(4)
            self._wake(stream)
        elif op == ops.head:
            self._add(stream, _head(reader), False)
        elif op == ops.end:
            self._add(stream, None, True)
        elif op == ops.failed:
            fault = reader.number(1)
            self._add(stream, Failed(fault, reader.data().decode("utf-8", "replace")), True)

    def _add(self, stream, event, last):
        stream.events.append(event)
        if last:
            stream.over = True
            self._streams.pop(stream.number, None)
        self._wake(stream)

    @staticmethod
    def _wake(stream):
        if stream.waiter is not None and not stream.waiter.done():
            stream.waiter.set_result(None)


def _head(reader):
    status, version, reason = reader.number(2), reader.number(1), reader.data()
    headers = [(reader.data(), reader.data()) for _ in range(reader.number(4))]
    return Head(status, _VERSIONS.get(version, b"HTTP/1.1"), reason, headers)


def start_fields(request, connect_ms, idle_ms, send_ms):
    """FetchStart without its stream.  request: (tls, host, port, method, target, headers, body, size)."""
    tls, host, port, method, target, headers, body, size = request
    parts = [bytes([tls]), _counted(host), port.to_bytes(2, "little"), _counted(method), _counted(target)]
    parts.append(len(headers).to_bytes(4, "little"))
    for name, value in headers:
        parts += _counted(name), _counted(value)
    parts.append(struct.pack("<BQIII", body, size, connect_ms, idle_ms, send_ms))
    return b"".join(parts)


def milliseconds(seconds, otherwise):
    """A timeout of httpx, which may be None, as egress counts."""
    return otherwise if seconds is None else max(1, min(2**31, round(seconds * 1000)))
