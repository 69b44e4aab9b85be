"""Prints URLs as the runtime of a tool reads them: "HOST PORT", or "-" for one that is refused.

SEED COUNT.  The same ones every time.  HOST is in hexadecimal, because it may be any bytes.
"""

import random
import sys

import httpx

GRANTED = ["nas.lan", "api.example.com", "10.0.0.1", "[fd00::1]", "1.1.1.1", "any.where.example"]
FORBIDDEN = [
    "127.0.0.1",
    "169.254.169.254",
    "0.0.0.0",
    "100.64.0.1",
    "192.0.2.1",
    "224.0.0.1",
    "255.255.255.255",
]
FORBIDDEN_6 = [
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:a9fe:a9fe",
    "::7f00:1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
]
FORBIDDEN_6 += [
    "fe80::1",
    "fe80::1%25lo",
    "ff02::1",
    "fd00:ec2::254",
    "2001:db8::1",
    "::ffff:0:7f00:1",
    "fec0::1",
]
NAMES = [
    "localhost",
    "evil.nas.lan",
    "api.example.com.evil.net",
    "xn--nas-.lan",
    "nas.lan.evil.net",
    "*.nas.lan",
]
NAMES += ["ap\u0131.example.com", "\u24dd.lan", "nas\u3002lan", "n\u0430s.lan", "nas\u200b.lan", "metadata"]


def notation(random_, address):
    """The address as some resolver or other would read it."""
    parts = [int(part) for part in address.split(".")]
    whole = int.from_bytes(bytes(parts), "big")
    ways = [
        lambda: address,
        lambda: str(whole),
        lambda: hex(whole),
        lambda: oct(whole).replace("o", ""),
        lambda: ".".join(hex(part) for part in parts),
        lambda: ".".join(f"0{part:o}" for part in parts),
        lambda: ".".join(f"{part:03}" for part in parts),
        lambda: f"{parts[0]}.{whole & 0xFFFFFF}",
        lambda: f"{parts[0]}.{parts[1]}.{whole & 0xFFFF}",
        lambda: f"{address}.",
        lambda: f"{parts[0] + 256}.{parts[1]}.{parts[2]}.{parts[3]}",
        lambda: f"[::ffff:{address}]",
        lambda: address.replace(".", "%2e"),
    ]
    return random_.choice(ways)()


def host(random_):
    kind = random_.random()
    if kind < 0.55:
        name = random_.choice(GRANTED)
    elif kind < 0.8:
        name = notation(random_, random_.choice(FORBIDDEN + [random_address(random_)]))
    elif kind < 0.9:
        name = f"[{random_.choice(FORBIDDEN_6)}]"
    else:
        name = random_.choice(NAMES)
    twist = random_.random()
    if twist < 0.1:
        return "".join(random_.choice((one.upper(), one.lower())) for one in name)
    if twist < 0.15:
        return name + random_.choice((".", "..", "%00", "%2e", "\\.evil.net", ",127.0.0.1", " ", "\t", "_"))
    return name


def random_address(random_):
    return ".".join(str(random_.randrange(256)) for _ in range(4))


def url(random_):
    scheme = random_.choice(("http://", "https://", "HTTP://", "hTTps://"))
    user = random_.choice(("",) * 12 + ("nas.lan@", "nas.lan:443@", "a:b@", "127.0.0.1%40@", "nas.lan%00@"))
    ports = ("", ":443", ":443", ":443", ":80", ":0443", f":{random_.randrange(65537)}", ":")
    tails = ("", "/", "/x?y", "?@127.0.0.1/", "#@127.0.0.1/", "\\@127.0.0.1/", "/@127.0.0.1", "//127.0.0.1/")
    return scheme + user + host(random_) + random_.choice(ports) + random_.choice(tails)


def read(text):
    """As executor/runtime/network.py tells egress."""
    try:
        parsed = httpx.URL(text)
        name = parsed.raw_host.strip(b"[]")
        port = (443 if parsed.scheme == "https" else 80) if parsed.port is None else parsed.port
    except (httpx.InvalidURL, UnicodeError, ValueError):
        return "-"
    if parsed.scheme not in ("http", "https") or not name or not 0 < port < 65536:
        return "-"
    return f"{name.hex()} {port}"


def main():
    random_ = random.Random(int(sys.argv[1]))
    for _ in range(int(sys.argv[2])):
        print(read(url(random_)))


main()
