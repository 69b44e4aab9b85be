"""What tool code may write: the whole language, the globals that it finds, and nothing of the call before."""

import json
import unittest

from support import body, run


class Language(unittest.TestCase):
    def test_the_language_is_whole(self):
        source = """
import asyncio, dataclasses, enum, typing, collections

class Meta(type):
    def __new__(mcs, name, bases, space): return super().__new__(mcs, name, bases, space)

class A(metaclass=Meta):
    @property
    def p(self): return getattr(self, "q", 5)
    @staticmethod
    def s(): return hasattr(A, "p")
    @classmethod
    def c(cls): return cls.__name__

def gen():
    yield from range(3)

async def main():
    async with asyncio.timeout(1):
        got = await asyncio.gather(*(asyncio.sleep(0, n) for n in range(3)))
    inline = await asyncio.to_thread(lambda: 7)
    match {"k": 1}:
        case {"k": n}: pass
    return [A().p, A.s(), A.c(), list(gen()), got, inline, n, eval("1 + 1"), vars(A()) == {}]
"""
        ran = run(source)
        self.assertEqual(json.loads(ran.text), [5, True, "A", [0, 1, 2], [0, 1, 2], 7, 1, 2, True])

    def test_the_globals_are_there(self):
        values = "json.dumps(a), datetime.timezone.utc is not None, arguments, len(secrets)"
        source = f"async def main(a): return [{values}]"
        self.assertEqual(json.loads(run(source, {"a": "1"}).text), ['"1"', True, {"a": "1"}, 0])

    def test_a_missing_secret_is_explained_and_the_mapping_is_read_only(self):
        self.assertIn("is not set for this server", run(body("return secrets['K']")).text)
        self.assertIn("TypeError", run(body("secrets['K'] = 1")).text)
        self.assertEqual(run(body("return secrets.get('K', 'none')")).text, "none")

    def test_main_is_not_run_by_a_name_guard(self):
        source = "if __name__ == '__main__': raise ValueError\nasync def main(): return __name__"
        self.assertEqual(run(source).text, "tool")

    def test_one_call_sees_nothing_of_the_one_before(self):
        source = "import json\nn = getattr(json, 'seen', 0)\nasync def main(): return str('x' in globals())"
        self.assertEqual(run(source + "\nx = 1").text, "True")
        self.assertEqual(run(source).text, "False")


if __name__ == "__main__":
    unittest.main()
