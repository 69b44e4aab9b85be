"""The call's socket to the monitor, for what its tool says and asks while it runs.

Frames as in privsep/wire/frame.h and the messages Say and AskClient of privsep/protocol/messages_call.h.
What is written here is checked by the monitor, which ends a call that sends anything else.
"""

import asyncio
import os
import struct

LINK = 3
PROGRESS, LOG, RESOURCE_UPDATED, TOOLS_CHANGED, PROMPTS_CHANGED, RESOURCES_CHANGED = range(1, 7)  # SayKind
ELICIT, SAMPLE, ROOTS = 1, 2, 3  # protocol::AskKind

_HEAD = struct.Struct("<IIHBB")
_REQUEST, _REPLY, _ERROR, _NOTICE = 1, 2, 3, 4
_READ = 65536


class CannotAsk(Exception):
    """The client cannot be asked, or did not answer; the text says why."""


class Link:
    """One per call.  say_op, ask_op: protocol::Op."""

    def __init__(self, say_op, ask_op):
        self._say_op = say_op
        self._ask_op = ask_op
        self._serial = 0
        self._waiting = {}
        self._bytes = bytearray()

    def say(self, kind, data):
        """A line for the client: JSON bytes."""
        self._send(self._say_op, _NOTICE, 0, struct.pack("<BI", kind, len(data)) + data)

    async def ask(self, kind, by_url, data):
        """The client's answer as JSON bytes.  CannotAsk when there is none."""
        loop = asyncio.get_running_loop()
        self._serial += 1
        answer = self._waiting[self._serial] = loop.create_future()
        if len(self._waiting) == 1:
            loop.add_reader(LINK, self._on_readable, loop)
        body = struct.pack("<BBI", kind, by_url, len(data)) + data
        self._send(self._ask_op, _REQUEST, self._serial, body)
        kind, body = await answer
        if kind == _ERROR:
            raise CannotAsk(
                f"The client was not asked, or did not answer: {body[5:].decode('utf-8', 'replace')}"
            )
        if body[0]:
            raise CannotAsk("The client refused: " + body[5:].decode("utf-8", "replace"))
        return bytes(body[5:])

    @staticmethod
    def _send(*parts):
        op, kind, serial, body = parts
        data = memoryview(_HEAD.pack(len(body), serial, op, kind, 0) + body)
        while data:
            data = data[os.write(LINK, data) :]

    def _on_readable(self, loop):
        data = os.read(LINK, _READ)
        if not data:
            self._end(loop)
        self._bytes += data
        while len(self._bytes) >= _HEAD.size:
            length, serial, _op, kind, _fds = _HEAD.unpack_from(self._bytes)
            end = _HEAD.size + length
            if len(self._bytes) < end:
                return
            body = bytes(self._bytes[_HEAD.size : end])
            del self._bytes[:end]
            answer = self._waiting.pop(serial, None)
            if not self._waiting:
                loop.remove_reader(LINK)
            if answer is not None and not answer.done():
                answer.set_result((kind, body))

    def _end(self, loop):
        loop.remove_reader(LINK)
        waiting, self._waiting = self._waiting, {}
        for answer in waiting.values():
            if not answer.done():
                answer.set_exception(CannotAsk("The call was withdrawn"))


class NoLink:
    """For a test run, which has no client."""

    def say(self, kind, data):
        pass

    async def ask(self, kind, by_url, data):
        raise CannotAsk("A test run has no client that could be asked: call the tool by its name to try that")
