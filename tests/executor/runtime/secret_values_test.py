"""Mirrors executor/runtime/secret_values.py: what a tool sees, and what leaves the call."""

import unittest

from support import body, run

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

    def test_a_value_is_replaced_in_output_and_errors(self):
        ran = self.nowhere("print('is', secrets['API_KEY'])\nraise ValueError(secrets['API_KEY'])")
        self.assertEqual(ran.meta["stdout"], "is [REDACTED]\n")
        self.assertIn("ValueError: [REDACTED]", ran.text)
        self.nowhere("try: 1 / 0\nexcept Exception as e: raise KeyError(secrets['API_KEY']) from e")
        self.nowhere("return object(), secrets['API_KEY']")

    def test_what_is_not_to_be_replaced_stays(self):
        ran = self.nowhere("return [secrets['PIN'], secrets['SHOWN'], {'n': 123}]")
        self.assertEqual(ran.text, '["123", "visible-value", {"n": 123}]')

    def test_the_longer_of_two_values_goes_first(self):
        longer = (b"LONG", b"hunter2hunter2-and-more", 1)
        ran = run(body("return secrets['LONG']"), secrets=(KEY, longer))
        self.assertEqual(ran.text, "[REDACTED]")

    def test_without_secrets_a_result_is_untouched(self):
        self.assertEqual(run(body("return {'a': (1, 2)}")).structured, {"a": [1, 2]})


if __name__ == "__main__":
    unittest.main()
