"""Mirrors executor/runtime/secret_values.py: what a tool sees, and what leaves the call."""

import json
import unittest

from context_test import Wire
from support import body, call, client, request, run

KEY = (b"API_KEY", b"hunter2hunter2", 1)
SHORT = (b"PIN", b"123", 1)
SHOWN = (b"SHOWN", b"visible-value", 0)


class Values(unittest.TestCase):
    def test_a_tool_reads_its_values_by_key(self):
        source = body("return len(secrets['API_KEY']), sorted(secrets), 'NO' in secrets, repr(secrets)")
        text = run(source, secrets=(KEY, SHOWN)).text
        self.assertEqual(text, '[14, ["API_KEY", "SHOWN"], false, "<secrets: API_KEY, SHOWN>"]')

    def test_a_missing_key_says_what_to_do(self):
        ran = run(body("secrets['OTHER']"), secrets=(KEY,))
        self.assertIn("mcpbox_create_server_secret", ran.text)
        self.assertIn("Set now: API_KEY", ran.text)

    def test_a_tool_cannot_change_them(self):
        self.assertTrue(run(body("secrets['A'] = 1"), secrets=(KEY,)).is_error)


class Redaction(unittest.TestCase):
    def nowhere(self, lines, *also):
        """The value is in no part of what leaves the call."""
        ran = run(body(lines), secrets=(KEY, SHORT, SHOWN))
        self.assertNotIn(b"hunter2hunter2", b"".join(ran.outcome[1:]), lines)
        return ran

    def test_a_value_is_replaced_in_results_of_every_kind(self):
        for value in (
            "secrets['API_KEY']",
            "'a' + secrets['API_KEY'] + 'b'",
            "{'a': [secrets['API_KEY']], secrets['API_KEY']: 1}",
            "[{'x': ('y', secrets['API_KEY'])}]",
            "{secrets['API_KEY']}",
            "ValueError(secrets['API_KEY'])",
        ):
            self.assertIn("[REDACTED]", self.nowhere(f"return {value}").text, value)

    def test_content_stays_content_without_the_value(self):
        ran = self.nowhere("return [ctx.text(secrets['API_KEY']), ctx.image(b'hi'), (secrets['API_KEY'],)]")
        self.assertEqual([block["type"] for block in ran.result["content"]], ["text", "image", "text"])
        self.assertEqual(ran.result["content"][2]["text"], '["[REDACTED]"]')
        ran = self.nowhere("return ctx.result(secrets['API_KEY'], {'key': secrets['API_KEY']})")
        self.assertEqual(ran.result["structuredContent"], {"key": "[REDACTED]"})

    def test_a_value_is_replaced_in_output_and_errors(self):
        ran = self.nowhere("print('is', secrets['API_KEY'])\nraise ValueError(secrets['API_KEY'])")
        self.assertEqual(ran.meta["stdout"], "is [REDACTED]\n")
        self.assertIn("ValueError: [REDACTED]", ran.text)
        self.nowhere("try: 1 / 0\nexcept Exception as e: raise KeyError(secrets['API_KEY']) from e")
        self.nowhere("return object(), secrets['API_KEY']")

    def test_what_is_not_to_be_replaced_stays(self):
        ran = self.nowhere("return [secrets['PIN'], secrets['SHOWN'], {'n': 123}]")
        self.assertEqual(ran.text, '["123", "visible-value", {"n": 123}]')

    def test_a_value_is_replaced_as_common_encodings_write_it(self):
        value = 'p@ss "word" & <more>/+é'
        odd = (b"ODD", value.encode(), 1)
        for source in (
            "import base64\nreturn base64.b64encode(secrets['ODD'].encode()).decode()",
            "import base64\nreturn 'Basic ' + base64.b64encode(('user:' + secrets['ODD']).encode()).decode()",
            "import base64\nreturn base64.urlsafe_b64encode(b'12' + secrets['ODD'].encode() + b'x').decode()",
            "return secrets['ODD'].encode().hex()",
            "return secrets['ODD'].encode().hex().upper()",
            "return json.dumps({'a': secrets['ODD']})",
            "return json.dumps(secrets['ODD'], ensure_ascii=False)",
            "import urllib.parse\nreturn 'https://x/?k=' + urllib.parse.quote(secrets['ODD'], safe='')",
            "import urllib.parse\nreturn urllib.parse.urlencode({'k': secrets['ODD']})",
            "import html\nreturn html.escape(secrets['ODD'], quote=False)",
            "return repr([secrets['ODD']])",
        ):
            ran = run(body(source), secrets=(odd,))
            self.assertIn("[REDACTED]", ran.text, source)
            left = b"".join(ran.outcome[1:])
            for part in (b"p@ss", b"p%40ss", value.encode().hex().encode(), b"cEBzcy"):
                self.assertNotIn(part, left, source)

    def test_a_value_is_replaced_in_progress_lines_questions_and_what_was_printed_before_one(self):
        source = body(
            "print('is', secrets['API_KEY'])\n"
            "ctx.progress(1, 2, 'with ' + secrets['API_KEY'])\n"
            "ctx.log('error', {'k': [secrets['API_KEY']]}, secrets['API_KEY'])\n"
            "await ctx.elicit('really ' + secrets['API_KEY'] + '?', {'name': {'type': 'string'}})"
        )
        wire = Wire({"action": "decline"})
        session = call.Session(legacy=True, can=client.ELICIT_FORM, log_level=1)
        asked = request({}, _meta={"progressToken": 7})
        ran = run(source, body=asked, session=session, secrets=(KEY,), wire=wire)
        told = json.dumps([wire.said, wire.asked]) + repr(ran.outcome)
        self.assertEqual(len(wire.said), 2)
        self.assertEqual(len(wire.asked), 1)
        self.assertNotIn("hunter2hunter2", told)
        self.assertEqual(told.count("[REDACTED]"), 6, told)

        can = {"elicitation": {}}
        prefix = "io.modelcontextprotocol/"
        meta = {prefix + "protocolVersion": "2026-07-28", prefix + "clientCapabilities": can}
        ran = run(source, body=request({}, _meta=meta), session=call.Session(), secrets=(KEY,))
        self.assertEqual(ran.end, call.INPUT_REQUIRED)
        self.assertNotIn(b"hunter2hunter2", b"".join(ran.outcome[1:]))

    def test_the_longer_of_two_values_goes_first(self):
        longer = (b"LONG", b"hunter2hunter2-and-more", 1)
        ran = run(body("return secrets['LONG']"), secrets=(KEY, longer))
        self.assertEqual(ran.text, "[REDACTED]")

    def test_without_secrets_a_result_is_untouched(self):
        self.assertEqual(run(body("return {'a': (1, 2)}")).structured, {"a": [1, 2]})


if __name__ == "__main__":
    unittest.main()
