// URLs that lead somewhere else than they seem to, in some parser or other, and addresses that no name may lead to.
// `api.test` (any port) is approved in the test that reads this, `nas.lan` on port 8080, and every name below
// `trap.test`; 127.0.0.1:8081 is the trap.

/** The numbers of an IPv4 address as old resolvers and browsers read them: what each of its parts may be written as. */
function notations(address: string): string[] {
  const [a, b, c, d] = address.split(".").map(Number) as [number, number, number, number];
  const whole = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  const tail = (b << 16) | (c << 8) | d;
  const end = (c << 8) | d;
  const hex = (value: number) => `0x${value.toString(16)}`;
  const octal = (value: number) => `0${value.toString(8)}`;
  const each = (write: (value: number) => string) => [a, b, c, d].map(write).join(".");
  const fullwidth = [...address].map((one) =>
    one === "." ? one : String.fromCodePoint(0xff10 + Number(one)),
  );
  const circled = [...address].map((one) =>
    one === "." || one === "0" ? one : String.fromCodePoint(0x2460 + Number(one) - 1),
  );
  return [
    ...[`${whole}`, hex(whole), octal(whole), `0X${whole.toString(16).toUpperCase()}`, `${whole}.`],
    ...[
      `${a}.${tail}`,
      `${hex(a)}.${tail}`,
      `${a}.${hex(tail)}`,
      `${a}.${b}.${end}`,
      `${a}.${b}.${hex(end)}`,
    ],
    ...[each(hex), each(octal), `${hex(a)}.${octal(b)}.${c}.${d}`, `${a}.${b}.${c}.${octal(d)}`],
    ...[each((value) => `${value}`.padStart(4, "0")), each((value) => hex(value).replace("0x", "0x000"))],
    ...[`${address}.`, `${address}..`, `${a}.${b}.${c}.${d + 256}`, `${whole + 2 ** 32}`, `${address}.0`],
    ...[fullwidth.join(""), circled.join(""), address.replaceAll(".", "。"), address.replaceAll(".", "．")],
    ...[
      address.replaceAll(".", "｡"),
      address.replaceAll(".", "%2e"),
      `%3${a}`.slice(0, 3) + address.slice(1),
    ],
    ...[`${a}.${b}.${c}.${d}%00`, `${address}%0d%0a`, `${a}. ${b}.${c}.${d}`, `-${address}`, `+${address}`],
  ];
}

const V6 = [
  ...[
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000::0001]",
    "[::]",
    "[::0001]",
    "[::ffff:127.0.0.1]",
    "[::FFFF:7F00:1]",
  ],
  ...["[::127.0.0.1]", "[::7f00:1]", "[64:ff9b::7f00:1]", "[64:ff9b::127.0.0.1]", "[2002:7f00:1::]"],
  ...["[2001:0:7f00:1::]", "[::ffff:0:7f00:1]", "[::1%lo]", "[::1%251]", "[fe80::1]", "[fe80::1%25lo]"],
  ...["[fec0::1]", "[ff02::1]", "[ff01::1]", "[100::1]", "[2001:db8::1]", "[fd00:ec2::254]", "[fd00::1]"],
  ...["[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "[64:ff9b:1::a9fe:a9fe]", "[3fff::1]", "[4000::1]"],
  ...["::1", "[::1", "::1]", "[[::1]]", "[::1]]", "[]", "[::g]", "[v1.::1]", "[1::2::3]", "[::ffff:127.1]"],
];

const NAMES = [
  ...["localhost", "LOCALHOST", "localhost.", "localhost..", "foo.localhost", "localhost.localdomain"],
  ...[
    "ip6-localhost",
    "ip6-loopback",
    "broadcasthost",
    "0",
    "00",
    "0.0.0.0",
    "0.0",
    "127.1",
    "127.0.1",
    "0x7f.1",
  ],
  ...[
    "evil.test",
    "api.test.evil.test",
    "api-test",
    "apitest",
    "xapi.test",
    "api.test-evil",
    "api.testx",
    "test",
  ],
  ...[
    "nas",
    "nas.lan.evil.test",
    "evil.nas.lan",
    "NAS.LAN.evil",
    "xn--nas-.lan",
    "xn--",
    "xn--a",
    "xn--api-.test",
  ],
  ...[
    "xn--pi-6kc.test",
    "аpi.test",
    "ａpi.test",
    "ⓐpi.test",
    "api。test",
    "api．test",
    "api｡test",
    "api․test",
  ],
  ...["ap\u00adi.test", "ap\u200bi.test", "ap\u200di.test", "\u202eipa.test", "api.te\u017ft", "apı.test"],
  ...[
    "api.test\u2024evil.test",
    "api.te\u0301st",
    "ⅰ.test",
    "𝐚𝐩𝐢.test",
    "api.test\u0000",
    "api.test%00.evil.test",
  ],
  ...["%61pi.test", "api%2etest", "api.test%2f.evil.test", "api.test%40evil.test", "api_test", "-api.test"],
  ...["api..test", ".api.test", "api.test..", "*.test", "*", "api.*", `${"a".repeat(64)}.test`],
  ...[
    `${"a.".repeat(130)}test`,
    "api.test,evil.test",
    "api.test;evil.test",
    "api.test|evil.test",
    "api.test`id`",
  ],
  ...[
    "$(id).test",
    "api.test'",
    'api.test"',
    "api.test<",
    "api.test^",
    "{api.test}",
    "api test",
    "api.test\t",
  ],
];

/** Whole URLs: what stands before and after the host. */
const WHOLE = [
  // user information that looks like the host, and the other way round
  ...[
    "http://api.test@127.0.0.1:8081/",
    "http://api.test:80@127.0.0.1:8081/",
    "http://api.test%40@127.0.0.1:8081/",
  ],
  ...["http://api.test%2f@127.0.0.1:8081/", "http://api.test%23@127.0.0.1:8081/", "http://@127.0.0.1:8081/"],
  ...["http://:@127.0.0.1:8081/", "http://a@b@127.0.0.1:8081/", "http://api.test:80;@127.0.0.1:8081/"],
  ...[
    "http://api.test\\@127.0.0.1:8081/",
    "http://127.0.0.1:8081\\@api.test/",
    "http://127.0.0.1:8081\\.api.test/",
  ],
  ...[
    "http://127.0.0.1:8081 @api.test/",
    "http://127.0.0.1:8081\t@api.test/",
    "http://127.0.0.1:8081%20@evil.test/",
  ],
  ...["http://1.1.1.1 &@2.2.2.2# @127.0.0.1:8081/", "http://\\\\127.0.0.1/"],
  ...["http://127.0.0.1:8081#@api.test/", "http://127.0.0.1:8081?@api.test/"],
  // ports
  ...["http://api.test:0/", "http://api.test:65536/", "http://api.test:99999/", "http://api.test:-80/"],
  ...["http://api.test:+80/", "http://api.test:80:81/", "http://api.test: 80/", "http://api.test:８０/"],
  ...[
    "http://api.test:0x50/",
    "http://api.test:80a/",
    "http://api.test:4294967376/",
    "http://127.0.0.1:80:8081/",
  ],
  // slashes, schemes
  ...["http:///127.0.0.1:8081/", "http:127.0.0.1:8081", "http:/127.0.0.1:8081/", "http:\\\\127.0.0.1:8081\\"],
  ...[
    "//127.0.0.1:8081/",
    "127.0.0.1:8081",
    "/etc/passwd",
    "",
    " ",
    "http://",
    "http:",
    "https://",
    "://api.test",
  ],
  ...[
    "file:///etc/passwd",
    "file://127.0.0.1/etc/passwd",
    "gopher://127.0.0.1:8081/_GET",
    "ftp://127.0.0.1:8081/",
  ],
  ...["dict://127.0.0.1:8081/", "ldap://127.0.0.1:8081/", "ws://127.0.0.1:8081/", "wss://127.0.0.1:8081/"],
  ...[
    "unix:///var/run/docker.sock",
    "http+unix://%2Fvar%2Frun%2Fdocker.sock/",
    "data:text/plain,x",
    "jar:http://api.test!/",
  ],
  ...[
    "javascript:alert(1)",
    "tftp://127.0.0.1/",
    "smb://127.0.0.1/",
    "netdoc:///etc/passwd",
    "view-source:http://api.test/",
  ],
  ...[
    "HTTPX://api.test/",
    "http\u0000://api.test/",
    "ht tp://api.test/",
    "http;://api.test/",
    "ｈttp://api.test/",
  ],
  // ends of lines
  ...[
    "http://127.0.0.1:8081\r\n.api.test/",
    "http://api.test\r\nHost: evil.test/",
    "http://api.test\n@127.0.0.1:8081/",
  ],
  ...["http://127.0.0.1:8081\u2028.api.test/", "http://127.0.0.1%0a:8081/", "http://127.0.0.1:80%0d81/"],
];

/** Where a careless fetcher would go; here nobody answers. */
export const REFUSED: string[] = [
  ...["127.0.0.1", "169.254.169.254", "192.168.50.10", "10.0.0.1"].flatMap((address) =>
    [address, ...notations(address)].map((host) => `http://${host}:8081/`),
  ),
  ...notations("127.0.0.1").map((host) => `https://api.test:443@${host}/`),
  ...V6.map((host) => `http://${host}:8081/`),
  ...NAMES.map((host) => `http://${host}:8081/`),
  ...WHOLE,
];

/** Hosts that are the approved one, however they are written: each is answered by it, under its one name. */
export const REACHES_API: string[] = [
  ...[
    "http://api.test/",
    "http://API.test/",
    "http://Api.Test./",
    "http://api.test:80/",
    "http://api.test:/",
  ],
  ...[
    "HTTP://api.test/",
    "http://user:password@api.test/",
    "http://127.0.0.1%3A8081@api.test/",
    "http://api.test?@127.0.0.1:8081/",
  ],
  ...[
    "http://api.test:80#@127.0.0.1:8081:8081/x",
    "http://127.0.0.1:8081;@api.test/",
    "http://api.test#@127.0.0.1:8081/",
    "http://api.test/@127.0.0.1:8081/",
    "http://api.test/../../x",
    "http://api.test//127.0.0.1:8081/",
  ],
  ...[
    "http://api.test/%0d%0aHost:%20evil.test",
    "http://api.test/\r\nHost: evil.test",
    "http://api.test/ HTTP/1.1 x",
  ],
  ...[
    "http://api.test/?url=http://127.0.0.1:8081/",
    "http://api.test/%00",
    "http://api.test/é",
    "http://api.test/#\r\nX: y",
  ],
];

/** Addresses that the names below `trap.test` have.  A wildcard approves names, never what is private. */
export const FORBIDDEN_ADDRESSES: string[] = [
  ...["127.0.0.1", "127.0.0.2", "127.255.255.254", "0.0.0.0", "0.0.0.1", "0.255.255.255", "169.254.169.254"],
  ...["169.254.0.1", "169.254.170.2", "169.254.255.255", "100.64.0.1", "100.100.100.200", "100.127.255.255"],
  ...[
    "10.0.0.1",
    "10.255.255.255",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "192.168.50.10",
    "192.168.255.255",
  ],
  ...["192.0.0.1", "192.0.0.170", "192.0.0.192", "192.0.2.1", "198.51.100.1", "203.0.113.1", "192.88.99.1"],
  ...[
    "198.18.0.1",
    "198.19.255.255",
    "224.0.0.1",
    "224.0.0.251",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
  ],
  ...["168.63.129.16", "::1", "::", "::2", "::7f00:1", "::808:808", "::ffff:7f00:1", "::ffff:808:808"],
  ...["::ffff:a9fe:a9fe", "::ffff:c0a8:320a", "::ffff:0:7f00:1", "64:ff9b::7f00:1", "64:ff9b::808:808"],
  ...["64:ff9b:1::1", "64:ff9b:1::7f00:1", "100::1", "2001::1", "2001:0:7f00:1::", "2001:2::1", "2001:10::1"],
  ...["2001:20::1", "2001:db8::1", "2002:7f00:1::", "2002:c0a8:320a::1", "3fff::1", "4000::1", "5f00::1"],
  ...["fc00::1", "fd00::1", "fd12:3456:789a::1", "fd00:ec2::254", "fd20:ce::254", "fd00:42::42", "fe80::1"],
  ...["febf::1", "fec0::1", "feff::1", "ff01::1", "ff02::1", "ff02::fb", "ff05::2", "ffff::1"],
];
