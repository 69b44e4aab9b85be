"""httpx on the call's second socket: the other end is this test, which speaks egress's part."""

import asyncio
import fcntl
import math
import os
import socket
import struct
import sys
import threading
import unittest

import support  # noqa: F401  (makes `runtime` importable)
from runtime import fetching, loop, network

OPS = fetching.Ops(3000, 3001, 3002, 3003, 3004, 3005, 3006, 3007, window=1000, data_bytes=400)
HEAD = struct.Struct("<IIHBB")


def counted(data):
    return len(data).to_bytes(4, "little") + data


class FakeEgress(threading.Thread):
    """Answers each FetchStart by `answer(self, stream, start)`; keeps what it heard."""

    def __init__(self, end, answer):
        super().__init__(daemon=True)
        self._end, self._answer = end, answer
        self.starts, self.bodies, self.rooms, self.stops = [], {}, {}, []
        self.start()

    def send(self, op, payload):
        self._end.sendall(HEAD.pack(len(payload), 0, op, 4, 0) + payload)

    def head(self, stream, status=200, headers=()):
        fields = b"".join(counted(name) + counted(value) for name, value in headers)
        head = struct.pack("<IHB", stream, status, 2) + counted(b"OK")
        self.send(OPS.head, head + len(headers).to_bytes(4, "little") + fields)

    def data(self, stream, data):
        self.send(OPS.data, struct.pack("<I", stream) + counted(data))

    def end(self, stream):
        self.send(OPS.end, struct.pack("<I", stream))

    def failed(self, stream, fault, text):
        self.send(OPS.failed, struct.pack("<IB", stream, fault) + counted(text.encode()))

    def room(self, stream, size):
        self.send(OPS.room, struct.pack("<II", stream, size))

    def run(self):
        file = self._end.makefile("rb")
        while head := file.read(HEAD.size):
            size, _, op, kind, _ = HEAD.unpack(head)
            assert kind == 4
            payload = file.read(size)
            stream = int.from_bytes(payload[:4], "little")
            if op == OPS.start:
                self.starts.append(_start(payload))
                self._answer(self, stream, self.starts[-1])
            elif op == OPS.body:
                last, data = payload[4], payload[9:]
                self.bodies.setdefault(stream, []).append((data, last))
                self._answer(self, stream, ("body", data, last))
            elif op == OPS.room:
                self.rooms[stream] = self.rooms.get(stream, 0) + int.from_bytes(payload[4:8], "little")
            elif op == OPS.stop:
                self.stops.append(stream)


def _start(payload):
    reader = fetching._Reader(memoryview(payload))
    reader.number(4)
    tls, host, port = reader.number(1), reader.data(), reader.number(2)
    method, target = reader.data(), reader.data()
    headers = {reader.data().lower(): reader.data() for _ in range(reader.number(4))}
    body, size, connect_ms, idle_ms, send_ms = (reader.number(n) for n in (1, 8, 4, 4, 4))
    assert reader._at == len(payload)
    return dict(
        tls=tls,
        host=host,
        port=port,
        method=method,
        target=target,
        headers=headers,
        body=body,
        size=size,
        connect_ms=connect_ms,
        idle_ms=idle_ms,
        send_ms=send_ms,
    )


def hello(egress, stream, start):
    if isinstance(start, dict):
        egress.head(stream, headers=[(b"content-type", b"text/plain")])
        egress.data(stream, b"hello ")
        egress.data(stream, b"world")
        egress.end(stream)


class NetworkTest(unittest.TestCase):
    def setUp(self):
        sys.path.append("/usr/lib/python3/dist-packages")
        import httpx

        self.httpx = httpx
        loop.Poll.of_call = math.inf  # calls of other tests have left theirs
        self.saved = httpx.HTTPTransport, httpx.AsyncHTTPTransport
        self.fd4 = None
        try:
            self.fd4 = os.dup(fetching._SOCKET)
        except OSError:
            pass

    def tearDown(self):
        for module in (self.httpx, sys.modules["httpx._client"]):
            module.HTTPTransport, module.AsyncHTTPTransport = self.saved
        if self.fd4 is not None:
            os.dup2(self.fd4, fetching._SOCKET)
            os.close(self.fd4)

    def egress(self, answer):
        pair = [fcntl.fcntl(end.detach(), fcntl.F_DUPFD, 50) for end in socket.socketpair()]
        ours = socket.socket(fileno=pair[0])
        os.dup2(pair[1], fetching._SOCKET)
        os.close(pair[1])
        self.http = network.connect(self.httpx, OPS)
        self.ours = ours
        self.addCleanup(ours.close)
        return FakeEgress(ours, answer)

    def test_a_sync_get(self):
        egress = self.egress(hello)
        answer = self.httpx.get("https://API.example.com:8443/a/b?c=d e", headers={"X-Y": "z"})
        self.assertEqual((answer.status_code, answer.text), (200, "hello world"))
        self.assertEqual(answer.http_version, "HTTP/1.1")
        start = egress.starts[0]
        self.assertEqual((start["tls"], start["host"], start["port"]), (1, b"api.example.com", 8443))
        self.assertEqual((start["method"], start["body"], start["connect_ms"]), (b"GET", 1, 5000))
        self.assertEqual(start["headers"][b"x-y"], b"z")
        self.assertFalse({b"host", b"connection", b"content-length"} & set(start["headers"]))

    def test_each_timeout_is_egress_own(self):
        egress = self.egress(hello)
        limits = self.httpx.Timeout(connect=1, read=2, write=3, pool=4)
        self.httpx.get("http://h.example/", timeout=limits)
        self.httpx.get("http://h.example/", timeout=None)
        told = [
            tuple(start[name] for name in ("connect_ms", "idle_ms", "send_ms")) for start in egress.starts
        ]
        self.assertEqual(told, [(1000, 2000, 3000), (60_000, 0, 0)])

    def test_http2_may_be_asked_for(self):
        self.egress(hello)
        with self.httpx.Client(http2=True) as client:
            self.assertEqual(client.get("https://h.example/").text, "hello world")

    def test_many_async_gets_side_by_side(self):
        egress = self.egress(hello)

        async def main():
            answers = await asyncio.gather(*(self.http.get(f"http://h.example/{i}") for i in range(50)))
            return {answer.text for answer in answers}

        self.assertEqual(asyncio.run(main()), {"hello world"})
        self.assertEqual(len({start["target"] for start in egress.starts}), 50)

    def test_a_body_waits_for_room(self):
        def answer(egress, stream, event):
            if not isinstance(event, tuple):
                return
            egress.room(stream, len(event[1]))
            if event[2]:
                hello(egress, stream, {})

        egress = self.egress(answer)
        data = bytes(range(256)) * 20
        self.assertEqual(self.httpx.post("http://h.example/", content=data).text, "hello world")
        self.assertEqual(b"".join(part for part, _ in egress.bodies[1]), data)
        self.assertEqual([last for _, last in egress.bodies[1]], [0] * (len(egress.bodies[1]) - 1) + [1])
        self.assertEqual((egress.starts[0]["body"], egress.starts[0]["size"]), (2, len(data)))

        async def stream():
            for i in range(10):
                yield b"x" * 300

        async def main():
            return (await self.http.put("http://h.example/", content=stream())).text

        self.assertEqual(asyncio.run(main()), "hello world")
        self.assertEqual(egress.starts[1]["body"], 3)

    def test_a_refusal_before_the_end_of_a_body_is_the_answer(self):
        asked = []

        def answer(egress, stream, event):  # gives no room, ever
            if isinstance(event, dict):
                egress.head(stream, status=413)
                egress.data(stream, b"too large")
                egress.end(stream)

        def parts():
            for i in range(10):
                asked.append(i)
                yield b"x" * 800

        async def parts_soon():
            for part in parts():
                yield part

        async def main():
            return await self.http.put("http://h.example/", content=parts_soon())

        egress = self.egress(answer)
        for response in (self.httpx.put("http://h.example/", content=parts()), asyncio.run(main())):
            self.assertEqual((response.status_code, response.text), (413, "too large"))
        self.assertLess(len(asked), 20, "what nobody wants is not made")
        self.assertFalse(any(last for sent in egress.bodies.values() for _, last in sent))

    def test_a_refusal_whose_words_wait_for_room_is_read(self):
        def answer(egress, stream, event):
            if isinstance(event, dict):
                egress.head(stream, status=401)

        egress = self.egress(answer)
        with self.httpx.stream("POST", "http://h.example/", content=b"x" * 5000) as response:
            self.assertEqual(response.status_code, 401)
        self.ours.shutdown(socket.SHUT_RDWR)
        egress.join(5)
        self.assertEqual(egress.stops, [1])

    def test_what_was_read_is_room_again(self):
        egress = self.egress(hello)
        self.httpx.get("http://h.example/")
        self.ours.shutdown(socket.SHUT_RDWR)
        egress.join(5)
        self.assertEqual(egress.rooms[1], len("hello world"))

    def test_faults_are_exceptions_of_httpx(self):
        cases = {
            1: self.httpx.ConnectError,
            3: self.httpx.LocalProtocolError,
            6: self.httpx.ConnectTimeout,
            8: self.httpx.ReadTimeout,
            11: self.httpx.RemoteProtocolError,
            13: self.httpx.WriteTimeout,
        }
        for fault, kind in cases.items():
            self.egress(lambda egress, stream, start, f=fault: egress.failed(stream, f, "nas.lan:5 is not"))
            with self.assertRaisesRegex(kind, "nas.lan:5 is not"):
                self.httpx.get("http://nas.lan:5/")

    def test_a_failure_in_the_middle_of_a_body(self):
        def answer(egress, stream, start):
            egress.head(stream)
            egress.data(stream, b"some")
            egress.failed(stream, 9, "broke")

        self.egress(answer)
        with self.assertRaises(self.httpx.ReadError):
            self.httpx.get("http://h.example/")

    def test_leaving_a_stream_stops_it(self):
        def answer(egress, stream, start):
            egress.head(stream)
            egress.data(stream, b"first")

        egress = self.egress(answer)
        with self.httpx.stream("GET", "http://h.example/") as answer:
            for part in answer.iter_bytes():
                break
        self.ours.shutdown(socket.SHUT_RDWR)
        egress.join(5)
        self.assertEqual(egress.stops, [1])

    def test_without_an_egress_the_words_say_so(self):
        self.egress(hello)
        self.ours.shutdown(socket.SHUT_RDWR)
        with self.assertRaisesRegex(self.httpx.ConnectError, "no network here"):
            self.httpx.get("http://h.example/")
        with self.assertRaisesRegex(self.httpx.ConnectError, "no network here"):
            asyncio.run(self.http.get("http://h.example/"))

    def test_redirects_cookies_and_auth_are_httpx_own(self):
        def answer(egress, stream, start):
            if start["target"] == b"/old":
                egress.head(stream, 302, [(b"location", b"/new"), (b"set-cookie", b"a=b")])
                egress.end(stream)
            else:
                hello(egress, stream, start)

        egress = self.egress(answer)
        with self.httpx.Client(follow_redirects=True, auth=("me", "pw")) as client:
            self.assertEqual(client.get("http://h.example/old").text, "hello world")
        self.assertEqual(egress.starts[1]["headers"][b"cookie"], b"a=b")
        self.assertTrue(egress.starts[1]["headers"][b"authorization"].startswith(b"Basic "))
        self.assertEqual(self.httpx.get("http://h.example/old").status_code, 302)

    def test_other_schemes_hosts_and_proxies_are_refused(self):
        self.egress(hello)
        with self.assertRaises(self.httpx.UnsupportedProtocol):
            self.httpx.get("ftp://h.example/")
        with self.assertRaises(self.httpx.LocalProtocolError):
            self.httpx.get("http://h.example/", headers={"Host": "other.example"})
        with self.assertRaisesRegex(ValueError, "proxy"):
            self.httpx.Client(proxies="http://p.example")

    def test_what_egress_does_not_do_is_said_and_not_ignored(self):
        self.egress(hello)
        for options, word in (
            (dict(verify=False), "verify="),
            (dict(verify="/etc/ssl/mine.pem"), "verify="),
            (dict(cert="/client.pem"), "cert="),
        ):
            for kind in (self.httpx.Client, self.httpx.AsyncClient):
                with self.assertRaisesRegex(ValueError, word):
                    kind(**options)
        with self.assertRaisesRegex(ValueError, "verify="):
            self.httpx.get("https://h.example/", verify=False)
        for options in (dict(uds="/run/x"), dict(local_address="10.0.0.1")):
            with self.assertRaisesRegex(ValueError, "local_address="):
                self.httpx.HTTPTransport(**options)
        self.assertEqual(self.httpx.get("https://h.example/", verify=True).status_code, 200)

    def test_a_client_with_limits_has_no_more_requests_open(self):
        egress = self.egress(hello)
        limits = self.httpx.Limits(max_connections=2)

        async def ask():
            async with self.httpx.AsyncClient(limits=limits, timeout=None) as client:
                first = client.build_request("GET", "http://h.example/")
                held = [await client.send(first, stream=True) for _ in range(2)]
                with self.assertRaisesRegex(self.httpx.PoolTimeout, "limits="):
                    await client.get("http://h.example/", timeout=self.httpx.Timeout(None, pool=0.05))
                waits = asyncio.ensure_future(client.get("http://h.example/"))
                await asyncio.sleep(0.05)
                self.assertEqual(len(egress.starts), 2)
                await held[0].aclose()
                answers = [
                    await waits,
                    *await asyncio.gather(*(client.get("http://h.example/") for _ in range(5))),
                ]
                await held[1].aclose()
                return [answer.text for answer in answers]

        self.assertEqual(asyncio.run(ask()), ["hello world"] * 6)
        with self.httpx.Client(limits=limits) as client:
            request = client.build_request("GET", "http://h.example/")
            held = [client.send(request, stream=True) for _ in range(2)]
            with self.assertRaises(self.httpx.PoolTimeout):
                client.get("http://h.example/")
            held[0].close()
            self.assertEqual(client.get("http://h.example/").text, "hello world")

    def test_what_egress_would_not_take_costs_the_request_alone(self):
        egress = self.egress(hello)
        long = "x" * 20_000
        for request in (
            dict(url="http://h.example:0/"),
            dict(url="http://h.example:65536/"),
            dict(url="http:///path"),
            dict(url=f"http://{'a.' * 140}example/"),
            dict(url=f"http://h.example/{long}"),
            dict(url="http://h.example/", method="M" * 33),
            dict(url="http://h.example/", headers={"X-Long": long}),
            dict(url="http://h.example/", headers={long: "x"}),
            dict(url="http://h.example/", headers=[("X-Many", "x")] * 129),
            dict(url="http://h.example/", headers={"Content-Length": "-1"}),
            dict(url="http://h.example/", headers={"Content-Length": "9" * 30}),
            dict(url="http://h.example/", headers=[("Content-Length", "1"), ("Content-Length", "2")]),
        ):
            with self.assertRaises((self.httpx.TransportError, self.httpx.InvalidURL), msg=request):
                self.httpx.request(**{"method": "GET", **request})
        self.assertEqual(self.httpx.get("http://h.example/").text, "hello world")
        self.assertEqual(len(egress.starts), 1)


if __name__ == "__main__":
    unittest.main()
