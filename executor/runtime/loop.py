"""The event loop of a call: poll() only, made before the fork.

A selector loop normally owns an epoll object and a socket pair, which a jailed call can neither make nor
share; threads do not exist in a call either, so what would run in one runs at once.
"""

import asyncio
import os
import selectors

_LINK = 3  # the call's socket to the monitor


class FirstWait(selectors.PollSelector):
    """poll(), which says once that the tool waits: whoever computes next has its CPU slot."""

    notice = b""  # of the class: a call has one, however many loops its tool makes

    def select(self, timeout=None):
        if FirstWait.notice and (timeout is None or timeout > 0):
            notice, FirstWait.notice = FirstWait.notice, b""
            os.write(_LINK, notice)
        return super().select(timeout)


class PollLoop(asyncio.SelectorEventLoop):
    """asyncio's selector loop without any kernel object of its own."""

    def __init__(self):
        super().__init__(FirstWait())

    def _make_self_pipe(self):
        self._ssock = self._csock = None
        self._internal_fds = 0

    def _close_self_pipe(self):
        pass

    def _write_to_self(self):
        pass  # wakes a loop from another thread or a signal: neither exists here

    def run_in_executor(self, executor, func, *args):
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future


class PollPolicy(asyncio.DefaultEventLoopPolicy):
    """So that asyncio.run() in a plain `def main` gets the same kind of loop."""

    _loop_factory = PollLoop


def install():
    """Makes PollLoop what asyncio uses, and returns the one that the call will run on."""
    asyncio.set_event_loop_policy(PollPolicy())
    return PollLoop()
