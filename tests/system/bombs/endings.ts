// Bombs that end their process, and ones that misuse the one descriptor that they have: the socket to the monitor.
import { type Bomb, crash, endless, error, fine } from "./bomb.ts";

const NO_ANSWER = /sent something that is no answer.*return a value/;
const CLOSED = /closed its connection to MCPbox.*return a value|exited by itself.*Return a value/;
const NO_REPORT = /could not report what came of it.*Leave modules/;

// frame(kind, payload, ...) writes one frame as privsep/wire/frame.h has it.  `serial` is that of the job that runs.
const FRAME = `
      load, answer = load, None
      os, struct = load('os'), load('struct')
      REQUEST, REPLY, ERROR, NOTICE = 1, 2, 3, 4
      def frame(kind, payload=b'', serial=2, op=0, length=None, fds=0):
          size = len(payload) if length is None else length
          os.write(3, struct.pack('<IIHBB', size, serial, op, kind, fds) + payload)
      def outcome(json):
          return struct.pack('<BI', 1, len(json)) + json + bytes(16)  # four empty texts follow
      def stay():
          load('time').sleep(60)
`;
const link = (lines: string) => FRAME + lines.replace(/^/gm, "      ");

export const ENDING_BOMBS: Bomb[] = [
  crash("os._exit(0)", /exited by itself with status 0 before it returned/, "load('os')._exit(0)"),
  crash("os._exit(7)", /exited by itself with status 7/, "load('os')._exit(7)"),
  error("sys.exit", /^SystemExit: bye/, "load('sys').exit('bye')"),
  error("KeyboardInterrupt", /^KeyboardInterrupt/, "raise KeyboardInterrupt"),
  crash("os.abort", /crashed with signal \d+/, "load('os').abort()"),
  crash(
    "bytecode that reads where nothing is",
    /crashed with signal 11/,
    `
      EXTENDED_ARG, LOAD_CONST, RETURN_VALUE = 144, 100, 83
      def f(): pass
      wild = [EXTENDED_ARG, 127, EXTENDED_ARG, 255, EXTENDED_ARG, 255, LOAD_CONST, 255, RETURN_VALUE, 0]
      f.__code__ = f.__code__.replace(co_code=bytes(wild))
      f()
    `,
  ),
  crash(
    "memory that could hold machine code",
    /forbidden system call/,
    "load('mmap').mmap(-1, 4096, prot=4)",
  ),
  crash("builtins that the report needs", NO_REPORT, "load('builtins').len = None\nraise ValueError"),

  crash("zeros", NO_ANSWER, link("os.write(3, bytes(4096))\nstay()")),
  crash("ones", NO_ANSWER, link("os.write(3, b'\\xff' * 4096)\nstay()")),
  crash("a flood of bytes", NO_ANSWER, link("while True: os.write(3, bytes(65536))")),
  crash("a frame of 2 GB", NO_ANSWER, link("frame(REPLY, length=2**31)\nstay()")),
  crash("a frame of no known kind", NO_ANSWER, link("frame(9)\nstay()")),
  crash("a frame that claims a descriptor", NO_ANSWER, link("frame(REPLY, fds=1)\nstay()")),
  crash("an order to the monitor", NO_ANSWER, link("frame(REQUEST, serial=9)\nstay()")),
  crash("notices without end", NO_ANSWER, link("while True: frame(NOTICE, serial=0)")),
  crash("the same notice without end", NO_ANSWER, link("while True: frame(NOTICE, serial=0, op=30)")),
  crash("an answer to nothing", NO_ANSWER, link("frame(REPLY, outcome(b'{}'), serial=77)\nstay()")),
  crash("an answer of another shape", NO_ANSWER, link("frame(REPLY, b'nonsense')\nstay()")),
  crash("an error that is not one", NO_REPORT, link("frame(ERROR, b'nonsense')\nstay()")),
  endless("half a frame", link("frame(REPLY, b'x', length=1000)\nstay()")),
  endless("reading from the monitor", link("while True: os.read(3, 2**20)")),
  crash("a closed socket, and a loop", CLOSED, link("os.close(3)\nwhile True: pass")),
  crash("a closed socket, and a result", CLOSED, link("os.close(3)\nanswer = 1")),

  // What a tool may say, it may say by hand: the call ends with it, and what is no result is called that.
  fine(
    "an answer by hand",
    /^by hand$/,
    link(`frame(REPLY, outcome(b'{"content":[{"type":"text","text":"by hand"}]}'))\nstay()`),
  ),
  fine(
    "two answers",
    /^one$/,
    link(
      `for text in (b'one', b'two'):\n    frame(REPLY, outcome(b'{"content":[{"type":"text","text":"%s"}]}' % text))\nstay()`,
    ),
  ),
  fine(
    "an answer, and a loop",
    /^one$/,
    link(`frame(REPLY, outcome(b'{"content":[{"type":"text","text":"one"}]}'))\nwhile True: pass`),
  ),
];

/** Answers that the caller must never see as they are: the gateway embeds what the child said. */
export const FORGED_RESULTS: Bomb[] = [
  ["no JSON", "b'nonsense'"],
  ["half of a JSON object", `b'{"content":['`],
  ["two JSON objects", `b'{"content":[]},{"content":[]}'`],
  ["an end of the response", `b'{"content":[]},"id":7}'`],
  ["a bare newline", `b'{"content":\\n\\n[]}'`],
  ["bytes that are no UTF-8", `b'{"content":["\\xff\\xfe"]}'`],
  ["nesting without end", `b'{"content":' + b'[' * 500_000 + b']' * 500_000 + b'}'`],
  ["a list instead of an object", "b'[]'"],
  ["a resultType of its own", `b'{"content":[],"resultType":"input_required"}'`],
].map(([name, json]) => fine(name!, /malformed JSON/, link(`frame(REPLY, outcome(${json}))\nstay()`)));
