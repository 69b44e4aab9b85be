"""ctx: results that are no plain values.  runtime/{content,result}.py."""

import unittest

from support import call, run


class Contents(unittest.TestCase):
    def blocks(self, source):
        ran = run(f"async def main():\n    return {source}\n")
        self.assertEqual(ran.end, call.OK, ran.outcome.log_error)
        return ran.result["content"]

    def test_each_kind_of_block(self):
        self.assertEqual(
            self.blocks("ctx.image(b'hi')"), [{"type": "image", "data": "aGk=", "mimeType": "image/png"}]
        )
        self.assertEqual(self.blocks("ctx.audio('aGk=')")[0]["mimeType"], "audio/wav")
        inner = {"uri": "test://a", "mimeType": "text/plain", "text": "t"}
        self.assertEqual(
            self.blocks("ctx.resource('test://a', 't', mime_type='text/plain')"),
            [{"type": "resource", "resource": inner}],
        )
        self.assertEqual(self.blocks("ctx.resource('test://a', data=b'hi')")[0]["resource"]["blob"], "aGk=")
        self.assertEqual(
            self.blocks("ctx.link('test://a', 'a', size=3)"),
            [{"type": "resource_link", "uri": "test://a", "name": "a", "size": 3}],
        )

    def test_a_list_may_mix_them_with_values(self):
        blocks = self.blocks("['a', ctx.text('b', audience='user', priority=0.5), {'c': 1}]")
        self.assertEqual([block["text"] for block in blocks], ["a", "b", '{"c": 1}'])
        self.assertEqual(blocks[1]["annotations"], {"audience": ["user"], "priority": 0.5})
        self.assertEqual(self.blocks("['a', 'b']")[0]["text"], '["a", "b"]')

    def test_content_with_a_structured_value_or_as_an_error(self):
        ran = run("async def main():\n    return ctx.result([ctx.text('a')], structured={'n': 1})\n")
        self.assertEqual((ran.structured, ran.is_error), ({"n": 1}, False))
        ran = run("async def main():\n    return ctx.result(ctx.text('a'), is_error=True)\n")
        self.assertEqual((ran.end, ran.is_error, ran.text), (call.TOOL_ERROR, True, "a"))

    def test_a_promised_output_is_checked_with_content_too(self):
        head = "OUTPUT_SCHEMA = {'type': 'object', 'required': ['n']}\nasync def main():\n    return "
        self.assertIn("`n` is missing", run(head + "ctx.result('a', structured={})\n").text)
        self.assertIn("content only", run(head + "ctx.result('a')\n").text)
        self.assertEqual(run(head + "ctx.result('a', structured={'n': 1})\n").end, call.OK)

    def test_what_is_no_content_is_refused_where_it_is_made(self):
        for wrong, word in (
            ("ctx.image(5)", "must be bytes"),
            ("ctx.image('no base64!')", "must be base64"),
            ("ctx.resource('test://a')", "either text or data"),
            ("ctx.text('a', priority=2)", "priority"),
            ("ctx.text('a', audience='model')", "audience"),
            ("ctx.result('a', structured=[1])", "must be an object"),
        ):
            ran = run(f"async def main():\n    return {wrong}\n")
            self.assertEqual(ran.end, call.TOOL_ERROR, wrong)
            self.assertIn(word, ran.text)

    def test_all_blocks_together_keep_to_the_limit(self):
        ran = run("async def main():\n    return [ctx.image(b'x' * 500_000)] * 2\n")
        self.assertIn("the limit is", ran.text)


if __name__ == "__main__":
    unittest.main()
