// Calls that misbehave: each ends in bounded time, with the right ending, and the next call is served as if
// nothing had happened.  Every process here is real and jailed.
#include "tests/executor/executor_process.h"

namespace mcpbox {
namespace {

using namespace test;
using ::testing::Test;

class HostileCalls : public Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "starting a process under another uid needs root";
    executor_.emplace();
    ASSERT_TRUE(executor_->ready());
  }
  void TearDown() override {
    if (!executor_) return;
    const Result<protocol::Outcome> next = run(executor(), "def main(): return 'fine'\n");
    ASSERT_TRUE(next.has_value());
    EXPECT_EQ(next->log_result, "fine");
  }
  ExecutorProcess& executor() { return *executor_; }

  // Sets the tool off and kills it once it is at it, as the monitor does at a deadline.
  protocol::SpareEnded kill_running(const std::string& source) {
    const protocol::Prepare job = job_for(executor(), source);
    const Spare spare = executor().fork_spare();
    EXPECT_TRUE(ask(spare.link.get(), job).has_value());
    EXPECT_TRUE(send(spare.link.get(), protocol::Go{.body = request_body()}).has_value());
    EXPECT_FALSE(spare.ends_within(300)) << "it was to run until it is killed";
    spare.kill();
    EXPECT_TRUE(spare.ends_within(kPatienceSeconds * 1000));
    return executor().ending_of(spare);
  }
  // Runs a tool that is to end its own process without an outcome.
  protocol::SpareEnded ending(const std::string& source, std::uint32_t cpu_seconds = 0) {
    protocol::Prepare job = job_for(executor(), source);
    job.cpu_seconds = cpu_seconds;
    const Spare spare = executor().fork_spare();
    EXPECT_FALSE(run_in(spare, job, request_body()).has_value());
    EXPECT_TRUE(spare.ends_within(kPatienceSeconds * 1000));
    return executor().ending_of(spare);
  }
  std::string error_of(const std::string& source) {
    const Result<protocol::Outcome> outcome = run(executor(), source);
    if (!outcome) return "no outcome";
    EXPECT_NE(outcome->end, CallEnd::kOk);
    return outcome->log_error;
  }
  std::string result_of(const std::string& source) {
    const Result<protocol::Outcome> outcome = run(executor(), source);
    return outcome ? outcome->log_result + outcome->log_error : "no outcome";
  }

 private:
  std::optional<ExecutorProcess> executor_;
};

// What a tool finds when it looks for modules that the default list does not have: the list is no wall.
std::string with_os(const std::string& body) {
  return "import asyncio\nos = asyncio.base_events.os\nsocket = asyncio.base_events.socket\nsys = "
         "asyncio.sys\n"
         "def main():\n    " +
         body + "\n";
}

TEST_F(HostileCalls, BusyLoopsEndWhenTheyAreKilled) {
  for (const char* source : {"def main():\n    while True: pass\n", "def main(): return len(str(9**9**9))\n",
                             "import re\ndef main(): re.match('(a+)+$', 'a' * 60 + 'b')\n"}) {
    const protocol::SpareEnded ended = kill_running(source);
    EXPECT_TRUE(WIFSIGNALED(ended.wait_status) && WTERMSIG(ended.wait_status) == SIGKILL) << source;
  }
}

TEST_F(HostileCalls, ABusyLoopEndsAtItsOwnCpuLimitToo) {
  const protocol::SpareEnded ended = ending("def main():\n    while True: pass\n", 1);
  // Nobody else sends it a signal, and it would compute for ever.  How much it got to compute is not
  // compared: the kernel takes the limit in ticks, and on a busy machine the sum of them is not the exact
  // time.
  EXPECT_TRUE(WIFSIGNALED(ended.wait_status) && WTERMSIG(ended.wait_status) == SIGKILL) << ended.wait_status;
}

TEST_F(HostileCalls, AToolCannotRaiseItsCpuLimit) {
  const std::string text = result_of(
      "import asyncio\nfind = asyncio.sys.modules\n"
      "def main(): find['resource'].setrlimit(find['resource'].RLIMIT_CPU, (3000, 3000))\n");
  EXPECT_TRUE(text.starts_with("ValueError: not allowed to raise maximum limit")) << text;
}

TEST_F(HostileCalls, AWaitingToolEndsAtItsDeadlineByItself) {
  protocol::Prepare job = job_for(executor(), "import asyncio\nasync def main(): await asyncio.sleep(60)\n");
  job.timeout_ms = 1000;
  const Spare spare = executor().fork_spare();
  const Result<protocol::Outcome> outcome = run_in(spare, job, request_body());
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->end, CallEnd::kTimedOut);
  EXPECT_NE(outcome->result.find("timed out after 1 seconds"), std::string::npos) << outcome->result;
}

TEST_F(HostileCalls, MemoryBombsMeetAMemoryError) {
  for (const char* source :
       {"def main(): return len(bytearray(300 * 2**20))\n", "def main(): return len([0] * 10**9)\n",
        "kept = []\ndef main():\n    while True: kept.append(bytearray(2**20))\n",
        "def main():\n    d = {}\n    while True: d[len(d)] = 'x' * 1000 + str(len(d))\n"}) {
    const Result<protocol::Outcome> outcome = run(executor(), source);
    ASSERT_TRUE(outcome.has_value()) << source;
    EXPECT_EQ(outcome->end, CallEnd::kOutOfMemory) << source;
    EXPECT_NE(outcome->result.find("256 MB"), std::string::npos) << outcome->result;
  }
}

TEST_F(HostileCalls, AFloodOfOutputIsCut) {
  const Result<protocol::Outcome> outcome =
      run(executor(), "def main():\n    for i in range(300): print('x' * 100_000)\n    return 'done'\n");
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->end, CallEnd::kOk);
  EXPECT_EQ(outcome->log_result, "done");
  EXPECT_NE(outcome->result.find("[output cut"), std::string::npos);
}

TEST_F(HostileCalls, AResultOverItsLimitIsAnError) {
  EXPECT_NE(error_of("def main(): return 'x' * (2**20 + 1)\n").find("Return less"), std::string::npos);
  EXPECT_NE(error_of("def main(): return ['x' * 300] * 2**20\n").find("MemoryError"), std::string::npos);
}

TEST_F(HostileCalls, RecursionIsAnError) {
  EXPECT_NE(error_of("def f(): return f()\ndef main(): return f()\n").find("RecursionError"),
            std::string::npos);
  const std::string deep = "def main():\n    v = []\n    for _ in range(10**6): v = [v]\n    return v\n";
  EXPECT_NE(error_of(deep).find("nested too deeply"), std::string::npos);
}

TEST_F(HostileCalls, LeavingTheProcessEndsTheCallOnly) {
  EXPECT_EQ(WEXITSTATUS(ending(with_os("os._exit(5)")).wait_status), 5);
  const protocol::SpareEnded aborted = ending(with_os("os.abort()"));
  EXPECT_TRUE(WIFSIGNALED(aborted.wait_status)) << aborted.wait_status;
}

TEST_F(HostileCalls, ClosingTheSocketEndsTheCall) {
  const protocol::SpareEnded ended = ending(with_os("os.close(3)\n    return 1"));
  EXPECT_TRUE(WIFEXITED(ended.wait_status)) << ended.wait_status;
  EXPECT_EQ(WEXITSTATUS(ended.wait_status), 71);
}

TEST_F(HostileCalls, AForgedFrameIsAllThatAToolCanSend) {
  // Native code owns its own socket: what it writes there is read as an outcome, or ends the peer.
  const protocol::Prepare job = job_for(executor(), with_os("os.write(3, b'\\xff' * 64)\n    os._exit(0)"));
  const Spare spare = executor().fork_spare();
  ASSERT_TRUE(ask(spare.link.get(), job).has_value());
  ASSERT_TRUE(send(spare.link.get(), protocol::Go{.body = request_body()}).has_value());
  const Result<Frame> frame = read_answer(spare.link.get());
  ASSERT_FALSE(frame.has_value());
  EXPECT_EQ(frame.error().why, base::Why::kInvalid);
}

TEST_F(HostileCalls, AFullSocketDoesNotHoldUpTheZygote) {
  const protocol::Prepare job = job_for(executor(), with_os("while True: os.write(3, b'x' * 65536)"));
  const Spare flood = executor().fork_spare();
  ASSERT_TRUE(ask(flood.link.get(), job).has_value());
  ASSERT_TRUE(send(flood.link.get(), protocol::Go{.body = request_body()}).has_value());
  EXPECT_EQ(result_of("def main(): return 'meanwhile'\n"), "meanwhile");
  flood.kill();
  EXPECT_TRUE(flood.ends_within(kPatienceSeconds * 1000));
}

TEST_F(HostileCalls, WhatHonestCodeTriesFailsWithAnErrorThatItCanHandle) {
  struct Try {
    const char* body;
    const char* error;
  };
  constexpr Try kTries[] = {
      {"open('/etc/passwd')", "PermissionError"},
      {"os.listdir('/')", "PermissionError"},
      {"os.stat('/')", "PermissionError"},
      {"os.fork()", "BlockingIOError"},
      {"socket.socket()", "PermissionError"},
      {"socket.socketpair()", "OSError"},
      {"os.pipe()", "OSError"},
      {"os.kill(1, 9)", "PermissionError"},
      {"os.execv('/bin/sh', ['sh'])", "PermissionError"},
      {"import threading\n    threading.Thread(target=print).start()", "mcpbox_request_module"},
      {"asyncio.base_events.threading.Thread(target=print).start()", "can't start new thread"},
  };
  for (const Try& one : kTries) {
    const std::string text = error_of(with_os(one.body));
    EXPECT_NE(text.find(one.error), std::string::npos) << one.body << ": " << text;
  }
}

TEST_F(HostileCalls, LazyImportsAndTimeZonesComeFromMemory) {
  EXPECT_EQ(
      result_of("import statistics, csv, difflib, html, xml.etree.ElementTree as ET, zoneinfo, decimal\n"
                "def main():\n    z = zoneinfo.ZoneInfo('Europe/Berlin')\n"
                "    t = datetime.datetime(2026, 7, 1, tzinfo=z).utcoffset()\n"
                "    return f'{statistics.mean([1, 2, 3])} {ET.fromstring(\"<a/>\").tag} {t}'\n"),
      "2 a 2:00:00");
  // A module that nobody imported before the jail, by a module that the tool may use.
  EXPECT_EQ(result_of("import asyncio\n"
                      "def main():\n    colors = asyncio.sys.modules['importlib'].import_module('colorsys')\n"
                      "    return type(colors.rgb_to_hsv(0, 0, 0)).__name__\n"),
            "tuple");
}

TEST_F(HostileCalls, SourcesThatBreakParsersBreakOnlyTheirOwnChild) {
  for (const std::string& source :
       {std::string(90'000, '('), std::string(90'000, '-') + "1",
        "def main(x: " + std::string(20'000, '[') + "): pass", "x = " + std::string(40'000, '~') + "1"}) {
    const Result<protocol::Compiled> made = compile(executor(), source);
    EXPECT_FALSE(made.has_value() && made->report.valid) << source.substr(0, 20);
  }
}

TEST_F(HostileCalls, SourcesThatAreHardToReadEndInAReport) {
  const std::string main = "\nasync def main(): pass\n";
  const auto many = [](std::string_view piece, std::size_t times) {
    std::string text;
    for (std::size_t i = 0; i < times; ++i) text += piece;
    return text;
  };
  // The first three are nested deeper than the C stack of any reader of trees.
  for (const std::string& source :
       {"x=1" + many("+1", 40'000), "x=a" + many(".b", 40'000), "x=" + many("not ", 20'000) + "1",
        "x=" + many("(", 90) + many(")", 90), "x=" + std::string(90'000, '9'),
        "x=f'" + many("{a}", 30'000) + "'", many("while 1:pass\n", 7'000), many("a;", 45'000),
        "x='" + many("\u200b", 30'000) + "'"}) {
    const Result<protocol::Compiled> made = compile(executor(), source + main);
    ASSERT_TRUE(made.has_value()) << source.substr(0, 20);
    EXPECT_NE(made->report.valid, made->report.analysis.empty()) << source.substr(0, 20);
    EXPECT_EQ(made->report.valid, made->report.problem.empty()) << source.substr(0, 20);
  }
}

TEST_F(HostileCalls, APatternThatNeverEndsIsKilledAtTheDeadlineAndHoldsNobodyUp) {
  const std::string source =
      "INPUT_SCHEMA = {'type': 'object', 'properties': {'a': {'type': 'string', 'pattern': '^(a+)+$'}}}\n"
      "async def main(a): return a\n";
  const protocol::Prepare job = job_for(executor(), source);
  const Spare spare = executor().fork_spare();
  ASSERT_TRUE(ask(spare.link.get(), job).has_value());
  const std::string body = request_body(R"({"a":")" + std::string(60, 'a') + R"(!"})");
  ASSERT_TRUE(send(spare.link.get(), protocol::Go{.body = body}).has_value());
  EXPECT_FALSE(spare.ends_within(300)) << "it was to run until it is killed";
  spare.kill();
  EXPECT_TRUE(spare.ends_within(kPatienceSeconds * 1000));
}

}  // namespace
}  // namespace mcpbox
