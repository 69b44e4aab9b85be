"""Input schemas from signatures: executor/runtime/{signature,annotations,classes,names}.py."""

import json
import unittest

from support import checked, schema_of


def parameter(annotation, before="", default=""):
    """The schema of one parameter with this annotation, without its description."""
    tail = f" = {default}" if default else ""
    source = f"{before}\nasync def main(x: {annotation}{tail}):\n    return 1\n"
    shown = schema_of(source)["properties"]["x"]
    return {key: value for key, value in shown.items() if key not in ("description", "default")}


def required(signature, before=""):
    return schema_of(f"{before}\nasync def main({signature}):\n    pass\n").get("required", [])


class PlainTypes(unittest.TestCase):
    def test_plain_annotations_become_json_types(self):
        cases = {
            "str": {"type": "string"},
            "int": {"type": "integer"},
            "float": {"type": "number"},
            "bool": {"type": "boolean"},
            "list": {"type": "array"},
            "dict": {"type": "object"},
            "None": {"type": "null"},
            "set": {"type": "array", "uniqueItems": True},
            "tuple": {"type": "array"},
            "bytes": {"type": "string", "contentEncoding": "base64"},
        }
        for annotation, expected in cases.items():
            with self.subTest(annotation):
                self.assertEqual(parameter(annotation), expected)

    def test_an_unannotated_parameter_is_a_string_or_has_its_defaults_type(self):
        source = 'def main(a, b=1, c=True, d=1.5, e="t", f=[], g={}, h=None, i=-2): pass'
        found = schema_of(source)["properties"]
        kinds = [found[name].get("type") for name in "abcdefghi"]
        expected = ["string", "integer", "boolean", "number", "string", "array", "object", None]
        self.assertEqual(kinds, [*expected, "integer"])

    def test_what_says_nothing_about_json_allows_everything(self):
        for annotation in (
            "Any",
            "object",
            "typing.Callable",
            "SomethingUnknown",
            "x.y.z",
            "1 + 1",
        ):
            with self.subTest(annotation):
                self.assertEqual(parameter(annotation), {})

    def test_dates_and_identifiers_are_strings_with_a_format(self):
        self.assertEqual(parameter("datetime.date"), {"type": "string", "format": "date"})
        self.assertEqual(parameter("datetime.datetime"), {"type": "string", "format": "date-time"})
        self.assertEqual(parameter("uuid.UUID"), {"type": "string", "format": "uuid"})

    def test_quoted_annotations_are_read_as_if_unquoted(self):
        self.assertEqual(parameter('"int"'), {"type": "integer"})
        self.assertEqual(parameter('"list[int]"')["items"], {"type": "integer"})
        self.assertEqual(parameter('"not ( python"'), {})


class Containers(unittest.TestCase):
    def test_lists_carry_their_items(self):
        wanted = {"type": "array", "items": {"type": "string"}}
        for annotation in ("list[str]", "List[str]", "typing.List[str]", "Sequence[str]"):
            with self.subTest(annotation):
                self.assertEqual(parameter(annotation), wanted)
        nested = {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}}
        self.assertEqual(parameter("list[list[int]]"), nested)
        self.assertEqual(parameter("list[Any]"), {"type": "array"})

    def test_dicts_carry_the_type_of_their_values(self):
        wanted = {"type": "object", "additionalProperties": {"type": "integer"}}
        for annotation in ("dict[str, int]", "Dict[str, int]", "Mapping[str, int]"):
            with self.subTest(annotation):
                self.assertEqual(parameter(annotation), wanted)
        self.assertEqual(parameter("dict[str, Any]"), {"type": "object"})

    def test_sets_and_tuples(self):
        unique = {"type": "array", "uniqueItems": True, "items": {"type": "string"}}
        self.assertEqual(parameter("set[str]"), unique)
        self.assertEqual(parameter("tuple[int, ...]"), {"type": "array", "items": {"type": "integer"}})
        pair = parameter("tuple[int, str]")
        self.assertEqual(pair["prefixItems"], [{"type": "integer"}, {"type": "string"}])
        self.assertEqual((pair["minItems"], pair["maxItems"]), (2, 2))


class Unions(unittest.TestCase):
    def test_every_spelling_of_optional_allows_null_and_is_not_required(self):
        spellings = ("Optional[int]", "int | None", "None | int", "typing.Optional[int]")
        for annotation in (*spellings, "Union[int, None]", '"int | None"', "Optional['int']"):
            with self.subTest(annotation):
                self.assertEqual(parameter(annotation), {"type": ["integer", "null"]})
                self.assertEqual(required(f"x: {annotation}"), [])

    def test_optional_containers_keep_their_items(self):
        wanted = {"type": ["array", "null"], "items": {"type": "string"}}
        self.assertEqual(parameter("Optional[List[str]]"), wanted)

    def test_unions_become_any_of(self):
        wanted = {"anyOf": [{"type": "integer"}, {"type": "string"}]}
        for annotation in ("Union[int, str]", "int | str", "Union[int, Union[str, int]]"):
            with self.subTest(annotation):
                self.assertEqual(parameter(annotation), wanted)
        self.assertEqual(parameter("int | str | None")["anyOf"][-1], {"type": "null"})
        self.assertEqual(parameter("int | Any"), {})

    def test_literals_become_enums_with_their_type(self):
        self.assertEqual(parameter('Literal["a", "b"]'), {"type": "string", "enum": ["a", "b"]})
        self.assertEqual(parameter("Literal[1, -2]"), {"type": "integer", "enum": [1, -2]})
        mixed = parameter('Literal["a", 1, True, None]')
        self.assertEqual(mixed["enum"], ["a", 1, True, None])
        self.assertEqual(mixed["type"], ["string", "integer", "boolean", "null"])
        self.assertEqual(required("x: Literal['a', None]"), [])
        optional = parameter('Optional[Literal["a"]]')
        self.assertEqual(optional, {"type": ["string", "null"], "enum": ["a", None]})


class Descriptions(unittest.TestCase):
    def test_a_parameter_is_described_by_default(self):
        shown = schema_of("async def main(city: str): pass")["properties"]["city"]
        self.assertEqual(shown["description"], "Parameter: city")

    def test_annotated_describes(self):
        for metadata in (
            '"the city"',
            'Doc("the city")',
            'Field(description="the city")',
            '1, "the city"',
        ):
            with self.subTest(metadata):
                source = f"async def main(x: Annotated[str, {metadata}]): pass"
                shown = schema_of(source)["properties"]["x"]
                self.assertEqual(shown, {"type": "string", "description": "the city"})

    def test_docstrings_describe_in_the_three_usual_styles(self):
        google = '''
async def main(city: str, days: int = 1):
    """Weather.

    Args:
        city: where
            and more about it
        days (int): how long

    Returns:
        text: not a parameter
    """
'''
        found = schema_of(google)["properties"]
        self.assertEqual(found["city"]["description"], "where and more about it")
        self.assertEqual(found["days"]["description"], "how long")
        numpy = '''
async def main(city: str, days: int = 1, *, a: int = 0, b: int = 0):
    """Weather.

    Parameters
    ----------
    city : str
        where
        and more
    days
        how long
    a, b : int
        both

    Returns
    -------
    str
        nothing of ours
    """
'''
        found = schema_of(numpy)["properties"]
        said = [found[name]["description"] for name in ("city", "days", "a", "b")]
        self.assertEqual(said, ["where and more", "how long", "both", "both"])
        sphinx = '''
async def main(city: str, days: int = 1):
    """Weather.

    :param city: where
    :param int days: how long
    """
'''
        found = schema_of(sphinx)["properties"]
        self.assertEqual(found["city"]["description"], "where")
        self.assertEqual(found["days"]["description"], "how long")


class Defaults(unittest.TestCase):
    def test_a_default_makes_optional_and_is_shown(self):
        found = schema_of('async def main(a: int, b: int = 2, *, c: str = "x", d: float): pass')
        self.assertEqual(found["required"], ["a", "d"])
        self.assertEqual(found["properties"]["b"]["default"], 2)
        self.assertEqual(found["properties"]["c"]["default"], "x")
        self.assertNotIn("default", found["properties"]["a"])

    def test_a_default_that_is_not_json_is_optional_without_being_shown(self):
        for default in ("compute()", "b'x'", "object", "1e999", "{1: 2}", "{1, 2}"):
            with self.subTest(default):
                found = schema_of(f"async def main(a: dict = {default}): pass")
                self.assertNotIn("required", found)
                self.assertNotIn("default", found["properties"]["a"])

    def test_none_as_default_allows_null(self):
        found = schema_of("async def main(a: str = None): pass")["properties"]["a"]
        self.assertEqual((found["type"], found["default"]), (["string", "null"], None))

    def test_required_is_left_out_when_empty(self):
        found = schema_of("async def main(): pass")
        wanted = {"type": "object", "properties": {}, "additionalProperties": False}
        self.assertEqual(found, wanted)


class Shapes(unittest.TestCase):
    def test_kwargs_take_what_else_is_given(self):
        self.assertIs(schema_of("async def main(a): pass")["additionalProperties"], False)
        self.assertIs(schema_of("async def main(a, **more): pass")["additionalProperties"], True)
        typed = schema_of("async def main(a, **more: int): pass")
        self.assertEqual(typed["additionalProperties"], {"type": "integer"})

    def test_positional_only_counts_and_star_args_does_not(self):
        found = schema_of("async def main(a: int, /, b: int, *rest, c: int): pass")
        self.assertEqual(found["required"], ["a", "b", "c"])

    def test_names_that_the_platform_fills_are_no_parameters(self):
        found = schema_of("async def main(self, cls, http, a): pass")
        self.assertEqual(list(found["properties"]), ["a"])

    def test_the_last_main_at_module_level_counts(self):
        source = "def main(a): pass\nif True:\n    async def main(b): pass\n"
        self.assertEqual(list(schema_of(source)["properties"]), ["b"])

    def test_a_main_inside_something_else_does_not_count(self):
        for source in (
            "class A:\n    def main(self): pass\n",
            "def f():\n    def main(): pass\n",
            "x = 1\n",
        ):
            with self.subTest(source):
                report = checked(source)
                self.assertFalse(report.valid)
                self.assertFalse(report.has_main)
                self.assertIn(b"main()", report.problem)

    def test_parameters_are_listed_for_people(self):
        report = checked("async def main(a: int, b: Optional[list[str]] = None): pass")
        first, second = json.loads(report.parameters)
        self.assertEqual((first["name"], first["type"], first["required"]), ("a", "integer", True))
        self.assertEqual((second["type"], second["required"]), ("array | null", False))
        self.assertEqual(second["annotation"], "Optional[list[str]]")


class Classes(unittest.TestCase):
    def test_typed_dicts(self):
        before = """
class Base(TypedDict):
    id: int

class Row(Base, total=False):
    name: Required[str]
    tags: list[str]
"""
        found = parameter("Row", before)
        self.assertEqual(list(found["properties"]), ["id", "name", "tags"])
        self.assertEqual(found["required"], ["id", "name"])
        self.assertEqual(found["properties"]["tags"], {"type": "array", "items": {"type": "string"}})
        before = "class Row(typing.TypedDict):\n    a: int\n    b: NotRequired[int]\n"
        self.assertEqual(parameter("Row", before)["required"], ["a"])

    def test_dataclasses(self):
        before = """
@dataclass(frozen=True)
class Point:
    x: int
    y: int = 0
    tags: list[str] = field(default_factory=list)
    z: float = field()
    hidden: int = field(init=False)
    kind: ClassVar[str] = "point"
"""
        found = parameter("Point", before)
        self.assertEqual(list(found["properties"]), ["x", "y", "tags", "z"])
        self.assertEqual(found["required"], ["x", "z"])
        self.assertEqual(found["properties"]["y"]["default"], 0)
        self.assertIs(found["additionalProperties"], False)
        self.assertEqual(parameter("list[Point]", before)["items"], found)

    def test_enums_that_count_for_themselves(self):
        source = (
            "import enum\nclass E(enum.StrEnum):\n    Red = enum.auto()\n    BLUE = 'b'\n    _hidden_ = 1\n"
        )
        self.assertEqual(parameter("E", source), {"type": "string", "enum": ["red", "b"]})
        flags = "import enum\nclass F(enum.IntFlag):\n    A = enum.auto()\n    B = enum.auto()\n"
        self.assertEqual(parameter("F", flags), {"type": "integer"})

    def test_named_tuples_are_arrays_of_their_fields(self):
        source = "from typing import NamedTuple\nclass P(NamedTuple):\n    x: int\n    y: str = ''\n"
        wanted = {"type": "array", "minItems": 1, "maxItems": 2}
        wanted["prefixItems"] = [{"type": "integer"}, {"type": "string"}]
        self.assertEqual(parameter("P", source), wanted)

    def test_enums(self):
        before = 'class Color(enum.Enum):\n    RED = "r"\n    BLUE = "b"\n'
        self.assertEqual(parameter("Color", before), {"type": "string", "enum": ["r", "b"]})
        self.assertEqual(
            parameter("Color", "class Color(Enum):\n    RED = auto()\n    BLUE = 7\n    PINK = auto()\n"),
            {"type": "integer", "enum": [1, 7, 8]},
        )

    def test_aliases_and_import_names_are_followed(self):
        self.assertEqual(parameter("Unit", 'Unit = Literal["C", "F"]')["enum"], ["C", "F"])
        self.assertEqual(parameter("UserId", 'UserId = NewType("UserId", int)'), {"type": "integer"})
        self.assertEqual(parameter("L[int]", "from typing import List as L")["type"], "array")
        self.assertEqual(parameter("t.Optional[int]", "import typing as t")["type"], ["integer", "null"])

    def test_recursive_types_end(self):
        node = "@dataclass\nclass Node:\n    value: int\n    next: 'Node | None' = None\n"
        found = parameter("Node", node)
        self.assertEqual(found["properties"]["value"], {"type": "integer"})
        self.assertEqual(parameter("A", "A = list[B]\nB = dict[str, A]")["type"], "array")
        self.assertEqual(parameter("A", "class A(A): pass"), {})
        self.assertEqual(parameter("A", "class A(B, TypedDict): pass\nclass B(A): pass")["type"], "object")


class Checking(unittest.TestCase):
    def test_syntax_errors_have_a_line_and_show_it(self):
        report = checked("x = 1\nasync def main(:\n    pass\n")
        self.assertFalse(report.valid)
        self.assertEqual(report.line, 2)
        self.assertIn(b"Syntax error at line 2", report.problem)
        self.assertIn(b"async def main(:", report.problem)

    def test_nothing_of_the_source_is_run(self):
        report = checked("raise SystemExit(1)\nasync def main(): pass\n")
        self.assertTrue(report.valid)

    def test_code_of_the_largest_size_passes_and_one_more_does_not(self):
        source = "async def main(): pass\n"
        largest = source + "#" * (100_000 - len(source))
        self.assertTrue(checked(largest).valid)
        report = checked(largest + "#")
        self.assertFalse(report.valid)
        self.assertIn(b"100000", report.problem)

    def test_hostile_sources_end_in_a_report(self):
        deep = "async def main(x: " + "list[" * 60 + "int" + "]" * 60 + "): pass"
        self.assertTrue(checked(deep).valid)
        for source in ("(" * 5000, "-" * 50_000 + "1", "x = " + "[" * 300 + "]" * 300, "\0"):
            with self.subTest(source[:10]):
                report = checked(source)
                self.assertFalse(report.valid)
                self.assertNotIn(b"\0", report.problem)
                self.assertLessEqual(len(report.problem), 2000)

    def test_a_schema_over_its_limit_is_refused(self):
        names = ", ".join(f"parameter_{n}: int" for n in range(2000))
        report = checked(f"async def main({names}): pass")
        self.assertFalse(report.valid)
        self.assertTrue(report.has_main)
        self.assertIn(b"65536", report.problem)


if __name__ == "__main__":
    unittest.main()
