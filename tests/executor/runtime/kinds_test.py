"""Prompts, resources, templates and completion.  runtime/{kinds,uri_template}.py."""

import json
import unittest

from support import _LOOP, LIMITS, call, checked, kinds, uri_template


def of_kind(source, kind, method, params, uri="", name="srv__it", draft=None, secrets=()):
    """The outcome and its parsed result."""
    report = checked(source)
    job = call.Job(name, report.code, source.encode(), report.schema, 5000, draft is not None)
    job = job._replace(kind=kind, method=method, uri=uri)
    message = {"jsonrpc": "2.0", "id": 1, "method": kinds._METHODS[method], "params": params}
    body = json.dumps(message if draft is None else draft).encode()
    outcome = call.Call(job, LIMITS, _LOOP).go(body, secrets, call.Session(legacy=True))
    return outcome, json.loads(outcome.result) if outcome.result else None


def prompt(source, arguments=None, name="srv__it", **more):
    params = {"name": name} if arguments is None else {"name": name, "arguments": arguments}
    return of_kind(source, kinds.PROMPT, kinds.GET, params, **more)


def read(source, uri, kind=kinds.RESOURCE, at=None):
    return of_kind(source, kind, kinds.READ, {"uri": uri}, uri=uri if at is None else at)


class Prompts(unittest.TestCase):
    def test_text_is_one_message_of_the_user(self):
        _, result = prompt("async def main(topic: str):\n    return f'About {topic}'\n", {"topic": "fish"})
        said = {"role": "user", "content": {"type": "text", "text": "About fish"}}
        self.assertEqual(result, {"messages": [said]})

    def test_an_exposed_value_is_in_no_message(self):
        secrets = ((b"KEY", b"hunter2hunter2", 1),)
        outcome, result = prompt("def main():\n    return ['a', secrets['KEY']]\n", secrets=secrets)
        self.assertEqual(result["messages"][1]["content"]["text"], "[REDACTED]")
        self.assertNotIn(b"hunter2", b"".join(outcome[1:]))

    def test_messages_of_both_and_content(self):
        source = "def main():\n    return [ctx.user('a'), ctx.assistant(ctx.image(b'hi')), 'c']\n"
        _, result = prompt(source)
        self.assertEqual([message["role"] for message in result["messages"]], ["user", "assistant", "user"])
        self.assertEqual(result["messages"][1]["content"]["type"], "image")

    def test_arguments_are_strings_and_are_read_as_declared(self):
        source = "async def main(n: int, text: str = '5'):\n    return f'{n + 1} {text!r}'\n"
        _, result = prompt(source, {"n": "4", "text": "5"})
        self.assertEqual(result["messages"][0]["content"]["text"], "5 '5'")
        for wrong in ({}, {"n": "four"}, {"n": "4.5"}, {"n": "4", "more": "x"}):
            self.assertEqual(prompt(source, wrong)[0].end, call.INVALID_ARGUMENTS, wrong)

    def test_a_request_for_anything_else_is_forged(self):
        source = "async def main():\n    return 'x'\n"
        self.assertEqual(prompt(source, name="srv__it")[0].end, call.OK)
        for kind, method, params in (
            (kinds.PROMPT, kinds.GET, {"name": "srv__other"}),
            (kinds.PROMPT, kinds.COMPLETE, {"ref": {"type": "ref/prompt", "name": "srv__other"}}),
            (kinds.RESOURCE, kinds.READ, {"uri": "test://b"}),
            (kinds.TEMPLATE, kinds.READ, {"uri": "test://b/1/2"}),
        ):
            uri = "test://b/{n}" if kind == kinds.TEMPLATE else "test://a"
            self.assertEqual(of_kind(source, kind, method, params, uri=uri)[0].end, call.FORGED, params)
        body = json.dumps({"method": "tools/call", "params": {"name": "srv__it"}}).encode()
        report = checked(source)
        job = call.Job("srv__it", report.code, source.encode(), report.schema, 5000, False)
        job = job._replace(kind=kinds.PROMPT, method=kinds.GET)
        self.assertEqual(call.Call(job, LIMITS, _LOOP).go(body).end, call.FORGED, "another method")

    def test_no_message_is_an_error(self):
        self.assertEqual(prompt("async def main():\n    return []\n")[0].end, call.TOOL_ERROR)

    def test_a_draft_shows_what_a_client_would_get(self):
        outcome, result = prompt("async def main(a: str):\n    return a\n", draft={"a": "x"})
        self.assertEqual(outcome.end, call.OK)
        self.assertEqual(result["structuredContent"]["messages"][0]["content"]["text"], "x")


class Resources(unittest.TestCase):
    def test_text_bytes_and_values(self):
        for value, expected in (
            ("'t'", {"mimeType": "text/plain", "text": "t"}),
            ("b'hi'", {"mimeType": "application/octet-stream", "blob": "aGk="}),
            ("{'a': 1}", {"mimeType": "application/json", "text": '{"a": 1}'}),
            ("ctx.resource(ctx.uri, 'x', mime_type='text/html')", {"mimeType": "text/html", "text": "x"}),
        ):
            _, result = read(f"async def main():\n    return {value}\n", "test://a")
            self.assertEqual(result, {"contents": [{"uri": "test://a", **expected}]})

    def test_a_template_gives_its_parts_as_arguments(self):
        source = "async def main(day: str, n: int):\n    return [ctx.uri, day, n + 1]\n"
        at = "notes://{day}/{n}"
        _, result = read(source, "notes://a%20b/41", kinds.TEMPLATE, at)
        self.assertEqual(json.loads(result["contents"][0]["text"]), ["notes://a%20b/41", "a b", 42])
        self.assertEqual(read(source, "notes://a/x", kinds.TEMPLATE, at)[0].end, call.INVALID_ARGUMENTS)

    def test_what_is_no_resource_is_an_error(self):
        outcome, _ = read("async def main():\n    return ctx.image(b'hi')\n", "test://a")
        self.assertEqual(outcome.end, call.TOOL_ERROR)


class Templates(unittest.TestCase):
    def test_level_one(self):
        for template, uri, found in (
            ("a://{x}", "a://b", {"x": "b"}),
            ("a://{x}/c", "a://b%2Fd/c", {"x": "b/d"}),
            ("a://{x}", "a://", None),
            ("a://{x}", "a://b/c", None),
            ("a://{x}.txt", "a://b.c.txt", {"x": "b.c"}),
            ("a://{x}-{x}", "a://1-1", {"x": "1"}),
            ("a://{x}-{x}", "a://1-2", None),
            ("a.://{x}", "ab://1", None),
            ("a://{x}", "a://%zz", None),
            ("a://{x}", "a://b\n", None),
        ):
            self.assertEqual(uri_template.match(template, uri), found, (template, uri))
        self.assertEqual(uri_template.names_in("a://{x}/{y_1}"), ["x", "y_1"])


class Completion(unittest.TestCase):
    SOURCE = """
async def main(city: str):
    return city
async def complete(argument, value, context):
    return [f"{argument}:{value}{n}" for n in range(int(context.get("n", 3)))]
"""

    def complete(self, source=None, context=None, **wrong):
        params = {
            "ref": {"type": "ref/prompt", "name": "srv__it"},
            "argument": {"name": "city", "value": "Os"},
            **({"context": {"arguments": context}} if context else {}),
            **wrong,
        }
        return of_kind(source or self.SOURCE, kinds.PROMPT, kinds.COMPLETE, params)

    def test_the_authors_function_offers_values(self):
        _, result = self.complete()
        values = ["city:Os0", "city:Os1", "city:Os2"]
        self.assertEqual(result, {"completion": {"values": values, "total": 3, "hasMore": False}})

    def test_at_most_a_hundred_are_offered(self):
        _, result = self.complete(context={"n": "150"})
        self.assertEqual(len(result["completion"]["values"]), 100)
        self.assertEqual((result["completion"]["total"], result["completion"]["hasMore"]), (150, True))

    def test_without_one_nothing_is_offered(self):
        _, result = self.complete("async def main(city: str):\n    return city\n")
        self.assertEqual(result["completion"]["values"], [])

    def test_what_is_no_list_of_texts_is_an_error(self):
        for value in ("'abc'", "[1]", "5"):
            source = f"async def main():\n    return 1\ndef complete(*_):\n    return {value}\n"
            self.assertEqual(self.complete(source)[0].end, call.TOOL_ERROR, value)

    def test_a_request_without_an_argument_is_refused(self):
        for wrong in ({}, {"name": 1, "value": ""}, {"name": "city"}, {"name": "city", "value": 1}):
            self.assertEqual(self.complete(argument=wrong)[0].end, call.INVALID_ARGUMENTS, wrong)


if __name__ == "__main__":
    unittest.main()
