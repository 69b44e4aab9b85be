"""Arguments: taken from the request, checked in words, fitted to main.  runtime/{arguments,fitting}.py."""

import json
import unittest

from support import call, request, run

ECHO = """
async def main(n: int, word: str = "w", tags: list[str] = [], unit: Literal["C", "F"] = "C"):
    return {"n": n, "word": word, "tags": tags, "unit": unit}
"""
ECHO = "from typing import Literal\n" + ECHO


class Reading(unittest.TestCase):
    def test_arguments_come_from_the_body(self):
        ran = run(ECHO, {"n": 3, "tags": ["a"]})
        self.assertEqual(ran.end, call.OK)
        self.assertEqual(ran.structured, {"n": 3, "word": "w", "tags": ["a"], "unit": "C"})

    def test_absent_arguments_are_none(self):
        source = "async def main(): return arguments"
        for params in ({"name": "srv__tool"}, {"name": "srv__tool", "arguments": None}):
            body = json.dumps({"method": "tools/call", "params": params}).encode()
            self.assertEqual(run(source, body=body).structured, {})

    def test_a_draft_run_takes_the_object_itself(self):
        ran = run(ECHO, body=b'{"n": 1}', draft=True)
        self.assertEqual(ran.structured["n"], 1)
        self.assertEqual(run("def main(): return 1", body=b"", draft=True).text, "1")

    def test_a_body_that_names_another_tool_is_forged_and_nothing_runs(self):
        source = "print('ran')\nasync def main(): return 1"
        for name in ("srv__other", "tool", "", None, 5, "srv__tool ", ["srv__tool"]):
            ran = run(source, body=request({}, name=name))
            self.assertEqual(ran.end, call.FORGED)
            self.assertEqual(ran.outcome.result, b"")
            self.assertEqual(ran.outcome.log_output, b"")

    def test_through_the_dispatcher_the_inner_name_is_what_was_opened(self):
        inner = {"name": "srv__tool", "arguments": {"n": 3}}
        ran = run(ECHO, body=request(inner, name="mcpbox_call_tool"))
        self.assertEqual(ran.end, call.OK)
        self.assertEqual(ran.structured["n"], 3)
        source = "async def main(): return arguments"
        bare = request({"name": "srv__tool"}, name="mcpbox_call_tool")
        self.assertEqual(run(source, body=bare).structured, {})

    def test_the_dispatcher_binds_the_inner_name_and_checks_the_inner_arguments(self):
        source = "print('ran')\nasync def main(): return 1"
        for inner in (
            {"name": "srv__other"},
            {"name": "mcpbox_call_tool", "arguments": {"name": "srv__tool"}},
            {"arguments": {"name": "srv__tool"}},
            {},
            None,
            "srv__tool",
        ):
            with self.subTest(inner):
                ran = run(source, body=request(inner, name="mcpbox_call_tool"))
                self.assertEqual(ran.end, call.FORGED)
                self.assertEqual(ran.outcome.log_output, b"")
        wrong = request({"name": "srv__tool", "arguments": {"n": "x"}}, name="mcpbox_call_tool")
        self.assertEqual(run(ECHO, body=wrong).end, call.INVALID_ARGUMENTS)

    def test_other_requests_are_forged(self):
        bodies = (
            b'{"method":"tools/list","params":{"name":"srv__tool"}}',
            b'{"params":{"name":"srv__tool"}}',
            b'[{"method":"tools/call","params":{"name":"srv__tool"}}]',
            b'{"method":"tools/call"}',
            b'{"method":"tools/call","params":[]}',
            b"1",
            b'{"method":"tools/call","params":{"name":"srv__tool","name":"srv__tool"}}',
            b'{"method":"tools/call","params":{"name":"srv__tool","arguments":{"a":1,"a":2}}}',
        )
        for body in bodies:
            with self.subTest(body):
                self.assertEqual(run("async def main(): return 1", body=body).end, call.FORGED)

    def test_bodies_that_are_not_json_run_nothing(self):
        for body in (b"", b"{", b"\xff", b"NaN", b'{"a":Infinity}', b"[" * 100_000, b"9" * 10_000):
            with self.subTest(body[:10]):
                ran = run("async def main(): return 1", body=body)
                self.assertEqual(ran.end, call.INVALID_ARGUMENTS)
                self.assertTrue(ran.is_error)

    def test_arguments_must_be_an_object(self):
        for arguments in ([], "x", 1, True):
            with self.subTest(arguments):
                ran = run("async def main(): return 1", body=request(arguments))
                self.assertEqual(ran.end, call.INVALID_ARGUMENTS)
                self.assertIn("must be a JSON object", ran.text)


class Checking(unittest.TestCase):
    def problem(self, arguments):
        ran = run(ECHO, arguments)
        self.assertEqual(ran.end, call.INVALID_ARGUMENTS)
        self.assertTrue(ran.is_error)
        self.assertEqual(ran.outcome.log_error.decode(), ran.text)
        return ran.text

    def test_a_wrong_type_names_field_and_rule(self):
        text = self.problem({"n": "three"})
        self.assertIn("`n` must be of type integer, not string", text)
        self.assertIn('"three"', text)
        self.assertIn("rule: type", text)

    def test_true_is_not_an_integer(self):
        self.assertIn("`n`", self.problem({"n": True}))

    def test_a_missing_argument_is_named(self):
        self.assertIn("`n` is missing (rule: required)", self.problem({}))

    def test_an_unknown_argument_is_named_beside_the_known_ones(self):
        text = self.problem({"n": 1, "nn": 2})
        self.assertIn("`nn` is not a parameter", text)
        self.assertIn("n, word, tags, unit", text)

    def test_places_inside_are_named(self):
        self.assertIn("`tags[1]` must be of type string", self.problem({"n": 1, "tags": ["a", 5]}))

    def test_an_enum_lists_its_values(self):
        self.assertIn('must be one of ["C", "F"]', self.problem({"n": 1, "unit": "K"}))

    def test_all_problems_are_told_at_once(self):
        text = self.problem({"word": 1, "unit": 2, "extra": 3})
        for name in ("n", "word", "unit", "extra"):
            self.assertIn(f"`{name}`", text)

    def test_long_values_are_cut(self):
        self.assertLess(len(self.problem({"n": "x" * 100_000})), 1000)

    def test_the_rules_of_a_given_schema_are_told_in_words(self):
        rules = {
            "minimum": (5, 4, "at least 5"),
            "maximum": (5, 6, "at most 5"),
            "maxLength": (2, "abc", "at most 2 characters"),
            "pattern": ("^a", "b", "pattern"),
            "const": ("a", "b", 'must be "a"'),
            "anyOf": ([{"type": "null"}, {"type": "integer"}], "b", "none of the allowed forms"),
        }
        for rule, (wanted, given, words) in rules.items():
            with self.subTest(rule):
                schema = json.dumps({"properties": {"x": {rule: wanted}}}).encode()
                ran = run("async def main(x): return x", {"x": given}, schema=schema)
                self.assertEqual(ran.end, call.INVALID_ARGUMENTS)
                self.assertIn(words, ran.text)
                self.assertIn(f"rule: {rule}", ran.text)

    def test_a_schema_that_cannot_be_applied_runs_nothing(self):
        for schema in (
            b'{"$ref":"https://example.org/x"}',
            b'{"type":"nonsense"}',
            b'{"pattern":1}',
        ):
            with self.subTest(schema):
                ran = run("async def main(**k): return 1", {"a": 1}, schema=schema)
                self.assertIn(ran.end, (call.INVALID_ARGUMENTS, call.OK))
        ran = run("async def main(**k): return 1", {}, schema=b'{"$ref":"https://example.org/x"}')
        self.assertEqual(ran.end, call.INVALID_ARGUMENTS)


class Fitting(unittest.TestCase):
    def test_an_optional_parameter_without_default_gets_none(self):
        source = "from typing import Optional\nasync def main(a: Optional[int]): return [a]"
        self.assertEqual(run(source, {}).text, "[null]")
        self.assertEqual(run(source, {"a": None}).text, "[null]")
        self.assertEqual(run(source, {"a": 1}).text, "[1]")

    def test_positional_only_and_extra_arguments_arrive(self):
        source = "async def main(a, /, b, *, c, **more): return [a, b, c, more]"
        ran = run(source, {"a": "1", "b": "2", "c": "3", "d": 4})
        self.assertEqual(json.loads(ran.text), ["1", "2", "3", {"d": 4}])

    def test_dataclasses_and_enums_arrive_as_instances(self):
        source = """
from dataclasses import dataclass, field
from enum import Enum

class Unit(Enum):
    C = "c"

@dataclass
class Place:
    name: str
    unit: Unit = Unit.C

async def main(places: list[Place], home: Place | None = None, unit: Unit = Unit.C):
    return [[p.name, p.unit.name] for p in places] + [home and home.name, unit.name]
"""
        given = {"places": [{"name": "a", "unit": "c"}], "home": {"name": "b"}, "unit": "c"}
        self.assertEqual(json.loads(run(source, given).text), [["a", "C"], "b", "C"])
        ran = run(source, {"places": [{"name": "a", "unit": "k"}]})
        self.assertEqual(ran.end, call.INVALID_ARGUMENTS)

    def test_typed_dicts_arrive_as_dicts(self):
        source = """
from typing import TypedDict

class Row(TypedDict):
    a: int

def main(row: Row): return row["a"]
"""
        self.assertEqual(run(source, {"row": {"a": 1}}).text, "1")
        self.assertEqual(run(source, {"row": {}}).end, call.INVALID_ARGUMENTS)

    def test_what_json_has_no_form_for_is_made_from_its_text(self):
        source = """
import decimal, uuid
from typing import Annotated
async def main(d: datetime.date, t: Annotated[datetime.time | None, "when"], u: list[uuid.UUID],
               n: dict[str, decimal.Decimal], b: bytes = b""):
    return [type(d).__name__, t, type(u[0]).__name__, str(n["x"] + n["y"]), b.decode()]
"""
        given = {"d": "2026-01-02", "u": ["12345678123456781234567812345678"], "n": {"x": "1.10", "y": 0.2}}
        self.assertEqual(
            json.loads(run(source, {**given, "b": "aGk="}).text), ["date", None, "UUID", "1.30", "hi"]
        )
        self.assertEqual(json.loads(run(source, {**given, "t": "08:00"}).text)[1], "08:00:00")

    def test_a_text_that_is_no_such_value_is_an_invalid_argument_and_main_does_not_run(self):
        for annotation, value in (
            ("datetime.date", "soon"),
            ("datetime.datetime | None", "2026-13-01"),
            ("list[datetime.time]", ["8"]),
            ("bytes", "not base64!"),
            ("dict[str, datetime.date]", {"a": "x" * 1000}),
        ):
            with self.subTest(annotation):
                ran = run(f"async def main(x: {annotation}): raise SystemExit", {"x": value})
                self.assertEqual(ran.end, call.INVALID_ARGUMENTS)
                self.assertIn("`x`", ran.text)
                self.assertIn(" is not ", ran.text)
                self.assertLess(len(ran.text), 400)

    def test_a_union_takes_the_value_as_it_is_when_it_may(self):
        source = "async def main(x: str | datetime.date): return type(x).__name__"
        self.assertEqual(run(source, {"x": "2026-01-02"}).text, "str")
        source = "async def main(x: int | datetime.date): return type(x).__name__"
        self.assertEqual(run(source, {"x": "2026-01-02"}).text, "date")
        self.assertEqual(run(source, {"x": 1}).text, "int")

    def test_named_tuples_sets_and_tuples_arrive_as_such(self):
        source = """
from typing import NamedTuple
class P(NamedTuple):
    x: int
    on: datetime.date = datetime.date(2026, 1, 2)
async def main(p: P, s: set[str], f: frozenset[int], t: tuple[int, ...], m: list[P]):
    return [p.on.year, sorted(s), type(f).__name__, type(t).__name__, m[0].x]
"""
        given = {"p": [1], "s": ["b", "a"], "f": [1], "t": [1, 2, 3], "m": [[7, "2027-01-01"]]}
        self.assertEqual(json.loads(run(source, given).text), [2026, ["a", "b"], "frozenset", "tuple", 7])
        self.assertEqual(run(source, {**given, "p": []}).end, call.INVALID_ARGUMENTS)
        self.assertEqual(run(source, {**given, "s": ["a", "a"]}).end, call.INVALID_ARGUMENTS)


if __name__ == "__main__":
    unittest.main()
