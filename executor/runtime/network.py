"""httpx in a call: its transports speak to egress, and the rest of httpx works as everywhere.

Used in the zygotes that have httpx.  What is not approved, no name service, no connection and no TLS are
told apart by the words and the class of the exception.
"""

import asyncio
import collections
import math
import types

from . import fetching
from .fetching import NO_BODY, SIZED, UNSIZED, Failed

# What httpx adds for a connection that it would make itself.
_FRAMING = {b"host", b"content-length", b"transfer-encoding", b"connection"}
_CONNECT_MS = 60_000  # limits::kConnectMaxMs
# What egress takes of a request (policy/limits.h, kFetch...).  More is no message of an honest runtime, and
# would cost the call its network.
_MOST_HOST, _MOST_METHOD, _MOST_TARGET = 260, 32, 16 * 1024
_MOST_HEADERS, _MOST_NAME, _MOST_VALUE = 128, 256, 8 * 1024
_NO_PLACE = "as many requests are open as limits= of the client allows: read or close a response first"


def connect(httpx, ops):
    """Replaces httpx's transports.  Returns the client that tools know as `http`."""
    link = fetching.Link(ops)
    errors = _errors(httpx)
    transports = _transports(httpx, link, errors)
    import sys

    # httpx looks for h2 before it takes http2=True; who speaks HTTP/2, wherever a server does, is egress.
    sys.modules.setdefault("h2", types.ModuleType("h2"))
    # Who we are, and where our home is, the C library would ask services of the machine.
    sys.modules["httpx._utils"].NetRCInfo.netrc_info = None
    for module in (httpx, sys.modules["httpx._client"]):
        module.HTTPTransport, module.AsyncHTTPTransport = transports
    return httpx.AsyncClient()


def _errors(httpx):
    """protocol::FetchFault -> exception."""
    return {
        fetching.GONE: httpx.ConnectError,
        1: httpx.ConnectError,
        2: httpx.ConnectError,
        3: httpx.LocalProtocolError,
        4: httpx.ConnectError,
        5: httpx.ConnectError,
        6: httpx.ConnectTimeout,
        7: httpx.ConnectError,
        8: httpx.ReadTimeout,
        9: httpx.ReadError,
        10: httpx.WriteError,
        11: httpx.RemoteProtocolError,
        12: httpx.NetworkError,
        13: httpx.WriteTimeout,
    }


def _problem(host, port, method, target, headers):
    """What keeps a request from being told to egress; None if nothing does."""
    if not host or len(host) > _MOST_HOST:
        return "the URL has no host, or one of more than 260 characters"
    if not 0 < port < 65536:
        return "the URL's port is not 1 to 65535"
    if len(method) > _MOST_METHOD:
        return "the method has more than 32 characters"
    if len(target) > _MOST_TARGET:
        return "path and query are larger than 16 KiB: send it in a body"
    if len(headers) > _MOST_HEADERS:
        return "the request has more than 128 headers"
    if any(len(name) > _MOST_NAME or len(value) > _MOST_VALUE for name, value in headers):
        return "a header of the request is larger than 8 KiB, or its name than 256 bytes"
    return None


def _begin(httpx, link, request):
    """Sends the head of a request; returns its stream and whether a body follows."""
    url = request.url
    host, tls = url.raw_host, url.scheme == "https"
    if url.scheme not in ("http", "https"):
        raise httpx.UnsupportedProtocol(f"a tool reaches http:// and https:// only, not {url.scheme}://")
    if (named := request.headers.get("host")) is not None and named.encode() != url.netloc:
        raise httpx.LocalProtocolError("the Host header is the URL's host: leave it out", request=request)
    body, size = NO_BODY, 0
    if (length := request.headers.get("content-length")) is not None:
        if not (length.isascii() and length.isdigit() and len(length) < 19):
            raise httpx.LocalProtocolError("Content-Length is no number: leave it out", request=request)
        body, size = SIZED, int(length)
    elif "transfer-encoding" in request.headers:
        body = UNSIZED
    if body == SIZED and size == 0 and request.method in ("GET", "HEAD", "DELETE", "OPTIONS"):
        body = NO_BODY
    headers = [(name, value) for name, value in request.headers.raw if name.lower() not in _FRAMING]
    timeout = request.extensions.get("timeout", {})
    connect_ms = fetching.milliseconds(timeout.get("connect"), _CONNECT_MS)
    idle_ms, send_ms = (fetching.milliseconds(timeout.get(kind), 0) for kind in ("read", "write"))
    port = (443 if tls else 80) if url.port is None else url.port
    method = request.method.encode("utf-8", "replace")
    host = host.strip(b"[]")
    if (problem := _problem(host, port, method, url.raw_path, headers)) is not None:
        raise httpx.LocalProtocolError(problem, request=request)
    line = (tls, host, port, method, url.raw_path, headers, body, size)
    return link.open(fetching.start_fields(line, connect_ms, idle_ms, send_ms)), body != NO_BODY


def _refuse(verify, cert, others):
    """What a transport of httpx could be told, and egress does not do."""
    if others.get("proxy") is not None:
        raise ValueError("a tool has no proxy: approved hosts are reached directly")
    if verify is not True:
        raise ValueError(
            "verify= is not for tools: certificates are always checked, with the roots that the "
            "administrator installed; leave it out"
        )
    if cert is not None:
        raise ValueError("cert= is not for tools: a call holds no private key; leave it out")
    if others.get("uds") is not None or others.get("local_address") is not None:
        raise ValueError("uds= and local_address= are not for tools: a call makes no connection itself")


class _Places:
    """Requests at a time, where a client was told limits=; egress has its own for the call as a whole."""

    _BY_DEFAULT = 100  # what httpx passes when nobody says anything

    def __init__(self, limits):
        most = None if limits is None else limits.max_connections
        self._left = math.inf if most is None or most >= self._BY_DEFAULT else most
        self._waiting = collections.deque()

    def free(self):
        return self._left > 0

    def take(self):
        self._left -= 1
        return _Place(self)

    async def take_soon(self, patience):
        """TimeoutError when none is free in time; None is for ever."""
        if not self.free():
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await asyncio.wait_for(turn, patience)
            except BaseException:
                if turn.done() and not turn.cancelled():
                    self.give_back()
                raise
            return _Place(self)
        return self.take()

    def give_back(self):
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                return turn.set_result(None)
        self._left += 1


class _Place:
    def __init__(self, places):
        self._places = places

    def leave(self):
        places, self._places = self._places, None
        if places is not None:
            places.give_back()


def _transports(httpx, link, errors):
    def raised(error, request):
        return errors[error.fault](str(error), request=request)

    def response(head, body):
        extensions = {"http_version": head.version, "reason_phrase": head.reason}
        return httpx.Response(head.status, headers=head.headers, stream=body, extensions=extensions)

    class Body(httpx.SyncByteStream):
        def __init__(self, stream, request, place):
            self._stream, self._request, self._place = stream, request, place

        def __iter__(self):
            try:
                while (data := self._stream.next()) is not None:
                    yield data
            except Failed as error:
                raise raised(error, self._request) from None

        def close(self):
            self._stream.stop()
            self._place.leave()

    class AsyncBody(httpx.AsyncByteStream):
        def __init__(self, stream, request, place):
            self._stream, self._request, self._place = stream, request, place

        async def __aiter__(self):
            try:
                while (data := await self._stream.next_soon()) is not None:
                    yield data
            except Failed as error:
                raise raised(error, self._request) from None

        async def aclose(self):
            self._stream.stop()
            self._place.leave()

    class Transport(httpx.BaseTransport):
        def __init__(self, verify=True, cert=None, limits=None, **others):
            _refuse(verify, cert, others)
            self._places = _Places(limits)

        def handle_request(self, request):
            if not self._places.free():
                raise httpx.PoolTimeout(_NO_PLACE, request=request)
            place = self._places.take()
            try:
                return self._handle(request, place)
            except BaseException:
                place.leave()
                raise

        def _handle(self, request, place):
            stream, has_body = _begin(httpx, link, request)
            try:
                if has_body:
                    for chunk in request.stream:
                        _send(link, stream, chunk)
                        if stream.answered():
                            break
                    else:
                        stream.send(b"", True)
                return response(stream.next(), Body(stream, request, place))
            except Failed as error:
                raise raised(error, request) from None
            except BaseException:
                stream.stop()
                raise

    class AsyncTransport(httpx.AsyncBaseTransport):
        def __init__(self, verify=True, cert=None, limits=None, **others):
            _refuse(verify, cert, others)
            self._places = _Places(limits)

        async def handle_async_request(self, request):
            patience = request.extensions.get("timeout", {}).get("pool")
            try:
                place = await self._places.take_soon(patience)
            except TimeoutError:
                raise httpx.PoolTimeout(_NO_PLACE, request=request) from None
            try:
                return await self._handle(request, place)
            except BaseException:
                place.leave()
                raise

        async def _handle(self, request, place):
            stream, has_body = _begin(httpx, link, request)
            try:
                if has_body:
                    async for chunk in request.stream:
                        await _send_soon(link, stream, chunk)
                        if stream.answered():
                            break
                    else:
                        stream.send(b"", True)
                return response(await stream.next_soon(), AsyncBody(stream, request, place))
            except Failed as error:
                raise raised(error, request) from None
            except BaseException:
                stream.stop()
                raise

    return Transport, AsyncTransport


def _send(link, stream, chunk):
    while chunk and not stream.answered():
        if stream.room:
            chunk = stream.send(chunk)
        else:
            link.wait()


async def _send_soon(link, stream, chunk):
    while chunk and not stream.answered():
        if stream.room:
            chunk = stream.send(chunk)
        else:
            await link.wait_soon(stream)
