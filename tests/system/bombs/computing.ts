// Bombs that use up time or the stack, in Python, in C, and while the runtime reports what they did.
import { type Bomb, crash, endless, error, fine } from "./bomb.ts";

export const COMPUTING_BOMBS: Bomb[] = [
  error("recursion", /RecursionError/, "def f(): return f()\nf()"),
  error(
    "recursion with its limit lifted",
    /^SystemError: .*memory ran out; use a loop/,
    `
      load('sys').setrecursionlimit(2**31 - 1)
      locals_ = '; '.join(f'v{i} = 0' for i in range(2000))
      exec(f'def f(): {locals_}; return f()')
      f()
    `,
  ),
  crash(
    "recursion on the C stack",
    /crashed with signal 11.*deep recursion/,
    `
      load('sys').setrecursionlimit(2**31 - 1)
      class Deep:
          def __repr__(self):
              return repr(self)
      repr(Deep())
    `,
  ),
  error("deep JSON", /RecursionError/, "load('json').loads('[' * 10**6)"),
  error("deep source", /SyntaxError|MemoryError|RecursionError/, "eval('(' * 10**5)"),
  endless("a regular expression", "load('re').match('(a+)+$', 'a' * 64 + 'b')"),
  endless("a big integer", "answer = 9**9**9"),
  error("a big integer as text", /ValueError.*Exceeds the limit/, "answer = str(10**5000)"),
  endless(
    "a big integer as text, with its limit lifted",
    "load('sys').set_int_max_str_digits(0)\nanswer = len(str(7**20_000_000))",
  ),

  endless("a loop", "while True: pass"),
  endless("a loop in C", "sum(range(10**18))"),
  endless("a sleep in C", "load('time').sleep(3600)"),
  endless(
    "a loop that catches everything",
    "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
  ),
  endless(
    "a loop that ignores every signal",
    `
      signal = load('signal')
      for number in range(1, 65):
          try:
              signal.signal(number, signal.SIG_IGN)
          except (OSError, ValueError):
              pass
      while True:
          pass
    `,
  ),
  endless(
    "a task that swallows its cancellation",
    `
      async def main():
          task = asyncio.current_task()
          while True:
              try:
                  task.cancel()
                  await asyncio.sleep(3600)
              except asyncio.CancelledError:
                  pass
    `,
  ),
  endless(
    "a future that nobody completes",
    "async def main(): await asyncio.get_running_loop().create_future()",
  ),
  endless(
    "tasks without end",
    "async def main():\n    while True:\n        asyncio.ensure_future(asyncio.sleep(9))\n        await asyncio.sleep(0)",
  ),
  endless(
    "an object that does not die",
    `
      class Undead:
          def __del__(self):
              while True:
                  pass
      Undead()
    `,
  ),
  fine(
    "an object that comes back whenever it dies",
    /^left$/,
    `
      class Phoenix:
          def __del__(self):
              Phoenix.kept = Phoenix()
      Phoenix.kept = Phoenix()
      answer = 'left'
    `,
  ),

  endless(
    "an exception whose text never ends",
    "class E(Exception):\n    def __str__(self):\n        while True: pass\nraise E",
  ),
  endless(
    "an exception whose argument has an endless repr",
    "class K:\n    def __repr__(self):\n        while True: pass\nraise KeyError(K())",
  ),
  error(
    "an exception whose text fails",
    /^E: .*cannot be shown/,
    "class E(BaseException):\n    def __str__(self): return 1 / 0\nraise E",
  ),
  error(
    "an exception whose text exits",
    /^E: .*cannot be shown/,
    "class E(Exception):\n    def __str__(self): raise SystemExit\nraise E",
  ),
  error(
    "an exception with a text of 100 MB",
    /^ValueError: x{4000}\.\.\.\n/,
    "raise ValueError('x' * 10**8)",
  ),
  error(
    "an exception type with a name of 10 MB",
    /^E{100,}\.\.\.: odd\n/,
    "raise type('E' * 10**7, (Exception,), {})('odd')",
  ),
  error(
    "an exception with 100,000 causes",
    /^ValueError: 99999\n/,
    `
      last = None
      for number in range(100_000):
          error = ValueError(str(number))
          error.__cause__ = last
          last = error
      raise last
    `,
  ),
  error(
    "exceptions that cause each other",
    /^ValueError: a\n/,
    "a, b = ValueError('a'), ValueError('b')\na.__cause__, b.__cause__ = b, a\nraise a",
  ),
  error(
    "a group of 100,000 exceptions",
    /^ExceptionGroup: all/,
    "raise ExceptionGroup('all', [ValueError('x' * 1000)] * 100_000)",
  ),
  error(
    "an exception from 100,000 calls deep",
    /^ZeroDivisionError/,
    "load('sys').setrecursionlimit(10**6)\ndef f(n): return f(n - 1) if n else 1 / 0\nf(100_000)",
  ),
];
