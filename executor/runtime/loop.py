"""The event loop of a call: poll() only, made before the fork.

A selector loop normally owns an epoll object and a socket pair, which a jailed call can neither make nor
share; threads do not exist in a call either, so what would run in one runs at once.
"""

import asyncio
import math
import os
import selectors
import signal
import sys
import threading
import time


class DeadlinePassed(Exception):
    """The call's time is over while its tool waits."""


_LINK = 3  # the call's socket to the monitor


class Poll(selectors.PollSelector):
    """poll(), which ends the loop at `deadline` (time.monotonic), and says once that the tool waits.

    Whoever computes next has the CPU slot of a call that waits.
    """

    notice = b""  # of the class: a call has one, however many loops its tool makes
    of_call = math.inf  # the call's deadline, for code that waits without a loop
    deadline = math.inf

    def select(self, timeout=None):
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise DeadlinePassed
        if left < math.inf and (timeout is None or timeout > left):
            timeout = left
        if timeout is None or timeout > 0:
            tool_waits()
        return super().select(timeout)


def tool_waits():
    """Before code without a loop waits: whoever computes next has the CPU slot."""
    if Poll.notice:
        notice, Poll.notice = Poll.notice, b""
        os.write(_LINK, notice)


def time_left():
    """Seconds until the call's deadline; None where there is none."""
    left = Poll.of_call - time.monotonic()
    return None if left == math.inf else left


class PollLoop(asyncio.SelectorEventLoop):
    """asyncio's selector loop without any kernel object of its own."""

    def __init__(self):
        super().__init__(Poll())
        self._asked, self._asked_at, self._kept = 0, 0.0, math.inf

    def run_call(self, coroutine, deadline):
        """The coroutine's result; DeadlinePassed when that comes first.

        As run_until_complete, without what a loop that runs once has no use for: each object less is a page
        less that the forked child must copy.
        """
        self._selector.deadline = deadline
        self._thread_id = threading.get_ident()
        sys.set_asyncgen_hooks(self._asyncgen_firstiter_hook, self._asyncgen_finalizer_hook)
        asyncio._set_running_loop(self)
        try:
            task = self.create_task(coroutine)
            while not task.done():
                self._run_once()
                if self._stopping:
                    raise RuntimeError("Event loop stopped before Future completed.")
            return task.result()
        finally:
            asyncio._set_running_loop(None)
            self._thread_id = None

    def wait_for_client(self, waiting):
        """The time in which the client is being asked is not the tool's: the deadline moves by it.

        The monitor keeps the same time from outside, with a limit on it.
        """
        if waiting:
            self._asked += 1
            if self._asked == 1:
                self._asked_at = time.monotonic()
                self._kept, self._selector.deadline = self._selector.deadline, math.inf
            return
        self._asked -= 1
        if self._asked == 0:
            self._selector.deadline = self._kept + time.monotonic() - self._asked_at

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
    # With Python's own handler in place, asyncio.run() would set another: a call may set none.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return PollLoop()
