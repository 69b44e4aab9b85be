"""The library from memory, in an interpreter of its own.  runtime/{library,loop,warm,embedded}.py."""

import os
import subprocess
import sys
import unittest

from support import LIMITS, _ROOT

_START = f"""
import glob, os, sys
folder = {os.path.join(_ROOT, "executor", "runtime")!r}
sources = {{}}
for path in glob.glob(folder + "/*.py"):
    name = os.path.basename(path)[:-3]
    sources["" if name == "__init__" else name] = open(path, encoding="utf-8").read()
space = {{}}
exec(sources["embedded"], space)
runtime = space["start"](sources, root="/usr/lib/python3.11", zone_root="/usr/share/zoneinfo",
                         share=memoryview, fill_holes=lambda: None, limits={LIMITS._asdict()!r})
opened = []
sys.addaudithook(lambda event, args: opened.append(args) if event == "open" else None)
"""


def started(code):
    """What `code` prints in an interpreter that has started the runtime as the binary does."""
    program = [sys.executable, "-I", "-B", "-c", _START + code]
    return subprocess.run(program, capture_output=True, text=True, timeout=60, check=True).stdout


class Library(unittest.TestCase):
    def test_modules_come_from_memory_without_a_file(self):
        names = "colorsys wave plistlib xml.sax.saxutils email.mime.text sched graphlib concurrent.futures"
        code = f"""
import importlib
for name in {names.split()!r}:
    module = importlib.import_module(name)
print(opened, importlib.import_module("colorsys").__spec__.origin)
"""
        self.assertEqual(started(code), "[] memory\n")

    def test_time_zones_come_from_memory_without_a_file(self):
        code = """
import datetime, zoneinfo
berlin = zoneinfo.ZoneInfo("Europe/Berlin")
print(datetime.datetime(2026, 1, 1, tzinfo=berlin).utcoffset(), len(zoneinfo.available_timezones()) > 300)
try:
    zoneinfo.ZoneInfo("Europe/Nowhere")
except zoneinfo.ZoneInfoNotFoundError as error:
    print(error)
try:
    zoneinfo.ZoneInfo("../../etc/passwd")
except (ValueError, zoneinfo.ZoneInfoNotFoundError):
    print("refused")
print(opened)
"""
        expected = "1:00:00 True\n'No time zone found with key Europe/Nowhere'\nrefused\n[]\n"
        self.assertEqual(started(code), expected)

    def test_tracebacks_show_the_lines_of_the_library_without_a_file(self):
        code = """
import json, traceback
try:
    json.loads("{")
except ValueError:
    text = traceback.format_exc()
print("return _default_decoder.decode(s)" in text, "obj, end = self.scan_once(s, idx)" in text, opened)
"""
        self.assertEqual(started(code), "True True []\n")

    def test_a_file_that_is_no_part_of_the_library_has_no_lines(self):
        code = """
import linecache
print(linecache.getlines("/etc/passwd"), opened)
"""
        self.assertEqual(started(code), "[] []\n")

    def test_what_does_not_exist_is_not_looked_for_on_disk(self):
        code = """
try:
    import numpy
except ModuleNotFoundError as error:
    print(error, sys.path, opened)
"""
        self.assertEqual(started(code), "No module named 'numpy' [] []\n")

    def test_the_network_modules_of_the_validator_stay_out(self):
        code = "print([n for n in ('http.client', 'ssl', 'urllib.request') if n in sys.modules])"
        self.assertEqual(started(code), "[]\n")

    def test_rehearsals_leave_no_trace(self):
        code = """
import linecache
name, code, source, schema, body = runtime.usual()
outcome = runtime.prepare("warm", code, source, schema, b"", 1000, False)(body)
assert outcome.end == 1, outcome
runtime.forget()
left = [timer for timer in runtime.loop._scheduled if not timer.cancelled()]
print("tool" in sys.modules, linecache.cache, sys.stdout is sys.__stdout__, left)
"""
        self.assertEqual(started(code), "False {} True []\n")

    def test_the_loop_owns_no_descriptor(self):
        code = """
import os
before = os.listdir("/proc/self/fd")
import asyncio
async def wait(): await asyncio.sleep(0); return await asyncio.to_thread(lambda: 5)
print(runtime.loop.run_until_complete(wait()), asyncio.run(wait()), os.listdir("/proc/self/fd") == before)
"""
        self.assertEqual(started(code), "5 5 True\n")


if __name__ == "__main__":
    unittest.main()
