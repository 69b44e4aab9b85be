// Bombs that take what the machine has: processes, threads, descriptors, memory, room for output and results.
import { limit } from "../harness/limits.ts";
import { type Bomb, endless, error, fine, memory } from "./bomb.ts";

const RESULT = limit("kResultBytes");

export const RESOURCE_BOMBS: Bomb[] = [
  error("a fork bomb", /BlockingIOError/, "while True: load('os').fork()"),
  fine(
    "a fork bomb that does not take no for an answer",
    /^0 forks$/,
    `
      forks = 0
      for _ in range(1000):
          try:
              load('os').fork()
              forks += 1
          except OSError:
              pass
      answer = f'{forks} forks'
    `,
  ),
  error("threads", /can't start new thread/, "while True: load('threading').Thread(target=print).start()"),
  error("files", /PermissionError/, "kept = []\nwhile True: kept.append(open('/dev/null'))"),
  error("pipes", /Too many open files/, "kept = []\nwhile True: kept.append(load('os').pipe())"),
  error("copies of a descriptor", /Bad file descriptor/, "while True: load('os').dup(3)"),

  memory("byte arrays", "kept = []\nwhile True: kept.append(bytearray(10_000_000))"),
  memory("one huge string", "answer = 'x' * 10**10"),
  memory("one huge list", "answer = [0] * 10**9"),
  memory("small objects", "kept = {}\nwhile True: kept[len(kept)] = str(len(kept)) * 3"),
  memory("a string that doubles", "text = 'x'\nwhile True: text += text"),
  memory("an endless iterator in a list", "answer = list(iter(lambda: 0, 1))"),
  memory("a print of more than there is memory", "print('x' * 10**10)"),
  memory("a result that fits only until it is JSON", "answer = ['x' * 300] * 2**20"),
  memory(
    "a zip bomb",
    `
      zlib = load('zlib')
      packer = zlib.compressobj(9, zlib.DEFLATED, -15)
      part = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
      answer = zlib.decompress(part * 4096, -15)
    `,
  ),
  memory(
    "memory that the report cannot free",
    `
      kept = []
      load('json').kept = kept
      while True:
          kept.append(bytearray(100))
    `,
  ),
  endless(
    "memory, with every MemoryError caught",
    `
      kept = []
      while True:
          try:
              while True:
                  kept.append(bytearray(1000))
          except MemoryError:
              pass
    `,
  ),

  fine("50 MB of output", /^printed$/, "for _ in range(500): print('y' * 100_000)\nanswer = 'printed'"),
  fine("300,000 lines", /^printed$/, "for n in range(300_000): print(n)\nanswer = 'printed'"),
  endless("output without end", "while True: print('y' * 1_000_000)"),
  error(
    "bytes for another descriptor",
    /Bad file descriptor/,
    "for fd in (1, 2): load('os').write(fd, b'zzzz')",
  ),

  error("too large a result", new RegExp(`limit is ${RESULT}.*Return less`), `answer = 'x' * ${RESULT + 1}`),
  error("a result that grows as JSON", /Return less/, "answer = '\\x01' * 900_000"),
  error("a deep result", /nested more than \d+ levels/, "answer = 1\nfor _ in range(200): answer = [answer]"),
  error("a very deep result", /nested too deeply/, "answer = []\nfor _ in range(10**6): answer = [answer]"),
  error(
    "a circular result",
    /(Circular reference|contains itself).*Return a str/,
    "answer = []\nanswer.append(answer)",
  ),
  error("a result that is no value", /object of type object.*Return a str/, "answer = object()"),
  error("a number that JSON does not have", /not JSON/, "answer = float('nan')"),
  endless(
    "a result whose items never end",
    `
      class Endless(dict):
          def items(self):
              while True:
                  pass
      answer = Endless(a=1)
    `,
  ),
];
