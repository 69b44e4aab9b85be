"""Schemas that an author wrote: executor/runtime/declared.py, and what they do to arguments and results."""

import json
import unittest

from support import LIMITS, checked, run, schema_of

_MAIN = "\nasync def main(**k): return k.get('r')\n"


def problem(schema, name="INPUT_SCHEMA"):
    report = checked(f"{name} = {schema}{_MAIN}")
    return "" if report.valid else report.problem.decode()


class Accepted(unittest.TestCase):
    def test_it_replaces_what_the_signature_says(self):
        wanted = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 3}}, "required": ["n"]}
        source = f"INPUT_SCHEMA = {wanted!r}\nasync def main(n: str): return n\n"
        self.assertEqual(schema_of(source), wanted)
        self.assertEqual(run(source, {"n": 3}).text, "3")
        self.assertIn("at least 3", run(source, {"n": 2}).text)
        self.assertEqual(
            json.loads(checked(source).parameters), [{"name": "n", "type": "integer", "required": True}]
        )

    def test_json_text_in_a_string_is_as_good(self):
        text = '{"type": "object", "properties": {"a": {"const": null}}}'
        self.assertEqual(schema_of(f"INPUT_SCHEMA = '''{text}'''{_MAIN}"), json.loads(text))
        self.assertEqual(schema_of(f"INPUT_SCHEMA: dict = {{'type': 'object'}}{_MAIN}"), {"type": "object"})

    def test_references_into_itself_hold(self):
        schema = {
            "type": "object",
            "$defs": {"node/x": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node~1x"}}}},
            "properties": {"a": {"$ref": "#/$defs/node~1x"}, "b": {"$ref": "#"}},
        }
        self.assertEqual(problem(repr(schema)), "")
        source = f"INPUT_SCHEMA = {schema!r}{_MAIN}"
        self.assertIn("`a.next.next`", run(source, {"a": {"next": {"next": 1}}}).text)
        self.assertIn("`b.a`", run(source, {"b": {"a": 5}}).text)

    def test_data_below_values_is_no_schema(self):
        schema = {"type": "object", "default": {"$ref": "http://x"}, "examples": [{"pattern": "("}]}
        self.assertEqual(problem(repr(schema)), "")
        self.assertEqual(problem(repr({"type": "object", "properties": {"pattern": {"type": "string"}}})), "")

    def test_a_schema_and_a_main_that_disagree_are_a_finding(self):
        def rules(signature):
            source = (
                "INPUT_SCHEMA = {'type': 'object', 'properties': {'a': {}, 'b': {}}, 'required': ['a']}\n"
                f"async def main({signature}): return arguments\n"
            )
            found = json.loads(checked(source).analysis)["findings"]
            return [f["text"] for f in found if f["rule"] == "schema-mismatch"]

        self.assertEqual(rules("a, b=1"), [])
        self.assertEqual(rules("a, **rest"), [])
        self.assertEqual(rules("a"), ["main has no parameter `b`"])
        self.assertEqual(rules("a, *, b"), ["`b` has no default, and the schema does not require it"])


class Refused(unittest.TestCase):
    def test_each_says_what_is_wrong_and_where(self):
        deep = {"type": "object"}
        for _ in range(LIMITS.schema_depth):
            deep = {"type": "object", "properties": {"a": deep}}
        cases = [
            ("make()", "must be a literal"),
            ("[1]", '"type" must be "object"'),
            ("{'type': 'string'}", '"type" must be "object"'),
            ("'not json'", "cannot be used"),
            ('\'{"type": "object", "type": "object"}\'', "twice"),
            ("{'type': 'object', 'type': 'object'}", "literal"),
            ("{'type': 'object', '$schema': 'http://json-schema.org/draft-07/schema#'}", "2020-12"),
            ("{'type': 'object', 'properties': {'a': {'type': 'text'}}}", "/properties/a/type"),
            ("{'type': 'object', 'required': 'a'}", "/required"),
            ("{'type': 'object', '$ref': 'http://example.com/x'}", "leads nowhere"),
            ("{'type': 'object', '$ref': '#/$defs/none'}", "leads nowhere"),
            ("{'type': 'object', '$ref': 'file:///etc/passwd'}", "leads nowhere"),
            ("{'type': 'object', 'properties': {'a': {'$id': 'http://x', '$ref': '#'}}}", "$id"),
            ("{'type': 'object', '$ref': '#'}", "leads to itself"),
            ("{'type': 'object', 'properties': {'a': {'pattern': '('}}}", "the pattern '(' is wrong"),
            ("{'type': 'object', 'patternProperties': {'[': {}}}", "the pattern '[' is wrong"),
            (repr(deep), f"more than {LIMITS.schema_depth} levels"),
            (repr({"type": "object", "title": "x" * LIMITS.schema_bytes}), f"limit is {LIMITS.schema_bytes}"),
            ("{'type': 'object', 'minProperties': " + "9" * 400 + "}", "literal"),
        ]
        for schema, words in cases:
            for name in ("INPUT_SCHEMA", "OUTPUT_SCHEMA"):
                with self.subTest(schema[:70], name=name):
                    text = problem(schema, name)
                    self.assertIn(f"{name} cannot be used", text)
                    self.assertIn(words, text)
        self.assertEqual(checked(f"x = 1\nINPUT_SCHEMA = []{_MAIN}").line, 2)


class Results(unittest.TestCase):
    SOURCE = (
        "OUTPUT_SCHEMA = {'type': 'object', 'properties': {'n': {'type': 'integer'}}, 'required': ['n']}"
        + _MAIN
    )

    def test_a_result_that_fits_is_given(self):
        self.assertEqual(run(self.SOURCE, {"r": {"n": 1}}).structured, {"n": 1})

    def test_a_result_that_does_not_fit_is_an_error_that_says_where(self):
        cases = (({"n": "x"}, "`n` must be of type integer"), ({}, "`n` is missing"), ("text", "type object"))
        for value, words in cases:
            ran = run(self.SOURCE, {"r": value})
            self.assertTrue(ran.is_error)
            self.assertIn("does not fit OUTPUT_SCHEMA", ran.text)
            self.assertIn(words, ran.text)


class BesideTheSource(unittest.TestCase):
    """Schemas that came as JSON beside the source: they count, byte for byte."""

    SOURCE = (
        "INPUT_SCHEMA = {'type': 'object'}\nOUTPUT_SCHEMA = {'type': 'object'}\n"
        "async def main(**more): return more"
    )

    def test_they_replace_what_the_source_says(self):
        mine = b'{ "type": "object", "required": ["n"] }'
        report = checked(self.SOURCE, mine, b'{"type":"object","minProperties":1}')
        self.assertTrue(report.valid, report.problem)
        self.assertEqual(report.schema, mine)
        self.assertEqual(report.output_schema, b'{"type":"object","minProperties":1}')

    def test_without_them_the_source_counts(self):
        self.assertEqual(checked(self.SOURCE).output_schema, b'{"type": "object"}')
        self.assertEqual(checked("async def main(): pass").output_schema, b"")

    def test_what_is_no_schema_is_refused_by_its_name(self):
        for wrong in (b"{", b"[]", b'{"type":"array"}', b'{"type":"object","type":"object"}', b"[" * 50_000):
            for name, given in (("input_schema", (wrong, b"")), ("output_schema", (b"", wrong))):
                report = checked(self.SOURCE, *given)
                self.assertFalse(report.valid)
                self.assertIn(f"{name} cannot be used: ".encode(), report.problem)

    def test_arguments_may_be_repeated_in_headers_by_the_rules_of_mcp(self):
        def report(properties, more=""):
            return checked(self.SOURCE, f'{{"type":"object","properties":{{{properties}}}{more}}}'.encode())

        good = '"a":{"type":"string","x-mcp-header":"A"},"x-mcp-header":{"type":"number"},'
        good += '"properties":{"type":"object","properties":{"b":{"type":"integer","x-mcp-header":"B-2"}}}'
        self.assertTrue(report(good).valid, report(good).problem)
        for wrong, more, words in (
            (
                '"a":{"type":"string","x-mcp-header":""}',
                "",
                b"at /properties/a: x-mcp-header must be a header",
            ),
            ('"a":{"type":"string","x-mcp-header":"a b"}', "", b"must be a header name"),
            ('"a":{"type":"string","x-mcp-header":7}', "", b"must be a header name"),
            ('"a":{"type":"number","x-mcp-header":"A"}', "", b"needs the type string, integer or boolean"),
            ('"a":{"x-mcp-header":"A"}', "", b"needs the type"),
            (
                '"a":{"type":"string","x-mcp-header":"A"},"b":{"type":"string","x-mcp-header":"a"}',
                "",
                b"is at /properties/",
            ),
            ('"a":{"type":"array","items":{"type":"string","x-mcp-header":"A"}}', "", b"only possible on"),
            ("", ',"$defs":{"a":{"type":"string","x-mcp-header":"A"}}', b"only possible on arguments"),
        ):
            self.assertFalse(report(wrong, more).valid, wrong)
            self.assertIn(words, report(wrong, more).problem)

    def test_a_promise_about_the_result_is_kept(self):
        promise = b'{"type":"object","required":["n"]}'
        source = "async def main(n: int): return {'n': n} if n else {}"
        self.assertFalse(run(source, {"n": 1}, output=promise).is_error)
        broken = run(source, {"n": 0}, output=promise)
        self.assertTrue(broken.is_error)
        self.assertIn("does not fit", broken.text)


if __name__ == "__main__":
    unittest.main()
