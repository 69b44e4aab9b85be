"""ctx: lines, questions and states.  runtime/{context,client,link,questions}.py."""

import asyncio
import json
import os
import socket
import struct
import time
import unittest

from support import LIMITS, call, client, link, request, run

_META = "io.modelcontextprotocol/"
_LEGACY = call.Session(legacy=True, can=client.ELICIT_FORM | client.SAMPLE | client.ROOTS, log_level=2)


class Wire:
    """A link that keeps what was said, and answers as it was told to."""

    def __init__(self, *answers):
        self.said = []
        self.asked = []
        self._answers = list(answers)

    def say(self, kind, data):
        self.said.append((kind, json.loads(data)))

    async def ask(self, kind, by_url, data):
        self.asked.append((kind, by_url, json.loads(data)))
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return json.dumps(answer).encode()


def modern(arguments=None, capabilities=("elicitation", "sampling", "roots"), state=b"", meta=(), **params):
    """(body, session) of a 2026-07-28 call."""
    can = {name: {} for name in capabilities}
    full = {_META + "protocolVersion": "2026-07-28", _META + "clientCapabilities": can, **dict(meta)}
    return request(arguments or {}, _meta=full, **params), call.Session(state=state)


def ask_modern(source, **given):
    body, session = modern(**given)
    return run(source, body=body, session=session)


ASKS = """
async def main(**k):
    who = await ctx.elicit("Who?", {"name": {"type": "string"}}, key="who")
    return who.content["name"] if who.accepted else who.action
"""


class Lines(unittest.TestCase):
    def test_progress_is_told_only_when_asked_for_and_only_when_it_grows(self):
        source = "async def main():\n    for n in (0, 50, 50, 20, 100): await ctx.progress(n, 100, 'at')\n"
        wire = Wire()
        run(source, body=request({}), wire=wire)
        self.assertEqual(wire.said, [])
        run(source, body=request({}, _meta={"progressToken": 0}), wire=wire)
        self.assertEqual([told["progress"] for _, told in wire.said], [0, 50, 100])
        self.assertEqual(wire.said[0], (link.PROGRESS, {"progress": 0, "total": 100, "message": "at"}))

    def test_log_keeps_to_the_level_that_the_client_wants(self):
        source = """
def main():
    ctx.log("debug", "no"); ctx.log("info", {"a": 1}); ctx.log("alert", "yes", "db")
"""
        wire = Wire()
        run(source, session=_LEGACY, wire=wire)
        self.assertEqual([told["level"] for _, told in wire.said], ["info", "alert"])
        self.assertEqual(wire.said[1], (link.LOG, {"level": "alert", "logger": "db", "data": "yes"}))
        for meta, told in (
            ({}, 0),
            ({_META + "logLevel": "emergency"}, 0),
            ({_META + "logLevel": "debug"}, 3),
        ):
            wire = Wire()
            body, session = modern(meta=meta)
            run(source, body=body, session=session, wire=wire)
            self.assertEqual(len(wire.said), told, meta)

    def test_a_flood_is_thinned_and_what_was_left_out_is_counted(self):
        source = """
import time
def main():
    for n in range(1000): ctx.log("error", n)
    time.sleep(0.3)
    ctx.log("error", "last")
"""
        wire = Wire()
        run(source, session=_LEGACY, wire=wire)
        self.assertLess(len(wire.said), 2 * LIMITS.lines_at_once)
        self.assertIn("messages were left out", wire.said[-2][1]["data"])
        self.assertEqual(wire.said[-1][1]["data"], "last")

    def test_news_for_others_need_no_wish_of_the_caller(self):
        wire = Wire()
        run("def main():\n    ctx.notify_resource_updated('a://b'); ctx.notify_tools_changed()\n", wire=wire)
        self.assertEqual(wire.said, [(link.RESOURCE_UPDATED, {"uri": "a://b"}), (link.TOOLS_CHANGED, {})])
        wire = Wire()
        run("def main():\n    ctx.notify_prompts_changed(); ctx.notify_resources_changed()\n", wire=wire)
        self.assertEqual(wire.said, [(link.PROMPTS_CHANGED, {}), (link.RESOURCES_CHANGED, {})])

    def test_what_cannot_be_a_line_is_an_error_in_the_tool(self):
        for wrong, word in (
            ("ctx.log('loud', 1)", "the level must be one of"),
            ("ctx.log('info', object())", "no JSON form"),
            ("ctx.log('info', 'x' * 10000)", "the limit is"),
            ("ctx.log('info', eval('[' * 62 + ']' * 62))", "levels deep"),
        ):
            ran = run(f"def main():\n    {wrong}\n", session=_LEGACY, wire=Wire())
            self.assertEqual(ran.end, call.TOOL_ERROR)
            self.assertIn(word, ran.text)


class Questions(unittest.TestCase):
    def test_a_legacy_client_is_asked_while_the_call_runs(self):
        wire = Wire({"action": "accept", "content": {"name": "Ada"}})
        self.assertEqual(run(ASKS, session=_LEGACY, wire=wire).text, "Ada")
        kind, by_url, params = wire.asked[0]
        self.assertEqual((kind, by_url, params["message"]), (link.ELICIT, False, "Who?"))
        self.assertEqual(run(ASKS, session=_LEGACY, wire=Wire({"action": "decline"})).text, "decline")

    def test_sampling_and_roots(self):
        source = """
async def main():
    said = await ctx.sample("Hi", 100)
    return [said["content"]["text"], [root["uri"] for root in await ctx.roots()]]
"""
        said = {"role": "assistant", "model": "m", "content": {"type": "text", "text": "Ho"}}
        wire = Wire(said, {"roots": [{"uri": "file:///a"}]})
        self.assertEqual(run(source, session=_LEGACY, wire=wire).text, '["Ho", ["file:///a"]]')
        self.assertEqual(wire.asked[0][2]["messages"][0]["content"], {"type": "text", "text": "Hi"})

    def test_an_answer_that_does_not_fit_its_form_is_no_answer(self):
        wire = Wire({"action": "accept", "content": {"name": 5}})
        ran = run(ASKS, session=_LEGACY, wire=wire)
        self.assertEqual(ran.end, call.TOOL_ERROR)
        self.assertIn("`name` must be of type string", ran.text)

    def test_a_client_that_cannot_be_asked_is_named_in_the_tool(self):
        ran = run(ASKS, session=call.Session(legacy=True), wire=Wire())
        self.assertIn("did not declare that it can be asked this (capability: elicitation)", ran.text)
        ran = run(ASKS, body=b"{}", draft=True)
        self.assertIn("A test run has no client", ran.text)
        caught = ASKS.replace("who = await", "\n    try:\n        who = await").replace(
            "    return who", "    except ctx.CannotAsk:\n        return 'alone'\n    return who"
        )
        self.assertEqual(run(caught, session=call.Session(legacy=True), wire=Wire()).text, "alone")

    def test_the_time_of_an_answer_is_not_the_tools(self):
        class Slow(Wire):
            async def ask(self, kind, by_url, data):
                await asyncio.sleep(0.6)
                return await super().ask(kind, by_url, data)

        wire = Slow({"action": "decline"})
        self.assertEqual(run(ASKS, session=_LEGACY, wire=wire, deadline_ms=300).text, "decline")
        spent = ASKS + "    await __import__('asyncio').sleep(9)\n"
        spent = ASKS.replace("    return", "    import asyncio; await asyncio.sleep(9)\n    return")
        began = time.monotonic()
        ran = run(spent, session=_LEGACY, wire=Slow({"action": "decline"}), deadline_ms=300)
        self.assertEqual(ran.end, call.TIMED_OUT)
        self.assertLess(time.monotonic() - began, 5)


class Repeated(unittest.TestCase):
    """2026-07-28: the questions are the result, and the call is repeated with the answers."""

    def test_round_by_round(self):
        source = """
async def main():
    ctx.state = (ctx.state or 0) + 1
    a = await ctx.elicit("A?", {"x": {"type": "integer"}}, key="a")
    b = await ctx.elicit("B?", {"x": {"type": "integer"}}, key="b")
    return [a.content["x"], b.content["x"], ctx.state]
"""
        first = ask_modern(source)
        self.assertEqual(first.end, call.INPUT_REQUIRED)
        self.assertEqual(list(first.result["inputRequests"]), ["a"])
        self.assertEqual(first.result["inputRequests"]["a"]["method"], "elicitation/create")
        answer = {"a": {"action": "accept", "content": {"x": 1}}}
        second = ask_modern(source, state=first.outcome.state, inputResponses=answer)
        self.assertEqual(list(second.result["inputRequests"]), ["b"])
        answer = {"b": {"action": "accept", "content": {"x": 2}}, "unknown": 1}
        third = ask_modern(source, state=second.outcome.state, inputResponses=answer)
        self.assertEqual((third.end, third.text), (call.OK, "[1, 2, 3]"))

    def test_answers_that_are_none_are_asked_for_again(self):
        for wrong in (None, 5, {}, {"who": 12345}, {"other": {"action": "accept"}}, {"who": {"action": "?"}}):
            ran = ask_modern(ASKS, inputResponses=wrong)
            self.assertEqual(ran.end, call.INPUT_REQUIRED, wrong)

    def test_a_state_belongs_to_its_arguments(self):
        first = ask_modern(ASKS, arguments={"file": "a", "n": 1})
        answer = {"who": {"action": "accept", "content": {"name": "Ada"}}}
        for arguments, end in (
            ({"file": "b", "n": 1}, call.STATE_REFUSED),
            ({"n": 1}, call.STATE_REFUSED),
            ({"n": 1, "file": "a"}, call.OK),
        ):
            again = ask_modern(ASKS, arguments=arguments, state=first.outcome.state, inputResponses=answer)
            self.assertEqual(again.end, end, arguments)

    def test_several_at_once_and_only_what_the_client_can(self):
        source = """
async def main():
    wanted = {"model": ctx.sampling("Hi"), "where": ctx.root_list()}
    if ctx.can("elicitation"):
        wanted["who"] = ctx.form("Who?", {"name": {"type": "string"}})
    return sorted(await ctx.ask(**wanted))
"""
        self.assertEqual(sorted(ask_modern(source).result["inputRequests"]), ["model", "where", "who"])
        some = ask_modern(source, capabilities=("sampling", "roots"))
        self.assertEqual(sorted(some.result["inputRequests"]), ["model", "where"])
        none = ask_modern(source, capabilities=("roots",))
        self.assertEqual((none.end, none.result), (call.MISSING_CAPABILITY, {"sampling": {}}))

    def test_a_tool_cannot_swallow_its_own_question_by_accident(self):
        source = ASKS.replace("    who =", "    try:\n        who =").replace(
            "    return who", "    except Exception:\n        return 'swallowed'\n    return who"
        )
        self.assertEqual(ask_modern(source).end, call.INPUT_REQUIRED)

    def test_a_state_that_is_too_large_is_an_error(self):
        ran = ask_modern("async def main():\n    ctx.state = 'x' * 40000\n    await ctx.roots()\n")
        self.assertEqual(ran.end, call.TOOL_ERROR)
        self.assertIn("ctx.state and the answers", ran.text)


class TheLink(unittest.TestCase):
    """The frames themselves, over a real socket."""

    def setUp(self):
        self.ours, self.theirs = socket.socketpair()
        self._kept, link.LINK = link.LINK, self.theirs.fileno()

    def tearDown(self):
        link.LINK = self._kept
        self.ours.close()
        self.theirs.close()

    def answered(self, kind, body, pieces=1):
        async def main():
            wire = link.Link(7, 8)
            wire.say(link.LOG, b"{}")
            task = asyncio.ensure_future(wire.ask(link.ROOTS, False, b"{}"))
            await asyncio.sleep(0)
            sent = os.read(self.ours.fileno(), 1000)
            self.assertEqual(sent[:12], struct.pack("<IIHBB", 7, 0, 7, 4, 0))
            self.assertEqual(sent[19:31], struct.pack("<IIHBB", 8, 1, 8, 1, 0))
            frame = struct.pack("<IIHBB", len(body), 1, 8, kind, 0) + body
            step = -(-len(frame) // pieces)
            for at in range(0, len(frame), step):
                self.ours.send(frame[at : at + step])
                await asyncio.sleep(0.01)
            return await task

        return asyncio.run(main())

    def test_an_answer_in_one_piece_or_in_many(self):
        body = struct.pack("<BI", 0, 2) + b"[]"
        for pieces in (1, 3, 19):
            self.assertEqual(self.answered(2, body, pieces), b"[]")

    def test_refusals_say_whose_they_are(self):
        with self.assertRaisesRegex(link.CannotAsk, "The client refused: no"):
            self.answered(2, struct.pack("<BI", 1, 2) + b"no")
        with self.assertRaisesRegex(link.CannotAsk, "was not asked, or did not answer: why"):
            self.answered(3, struct.pack("<BI", 2, 3) + b"why")


if __name__ == "__main__":
    unittest.main()
