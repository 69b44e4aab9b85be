// The executor as the monitor meets it: jobs, outcomes, endings.  Every process here is real and jailed.
#include "tests/executor/executor_process.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <fstream>
#include <set>
#include <sstream>

#include "privsep/jail/call.h"

namespace mcpbox {
namespace {

using namespace test;
using ::testing::Test;

class Executor : public Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "starting a process under another uid needs root";
    executor_.emplace();
    ASSERT_TRUE(executor_->ready());
  }
  ExecutorProcess& executor() { return *executor_; }

 private:
  std::optional<ExecutorProcess> executor_;
};

constexpr const char* kGreet =
    "async def main(name: str, times: int = 1):\n"
    "    print('greeting', name)\n"
    "    return {'text': f'hello {name} ' * times}\n";

TEST_F(Executor, HasEveryLayerOfItsKind) {
  EXPECT_EQ(executor().layers() & policy::kLayerBits, policy::kZygoteLayers);
}

// The process behind a pidfd, in this process's numbers.
std::string pid_of(const Fd& pidfd) {
  std::ifstream info("/proc/self/fdinfo/" + std::to_string(pidfd.get()));
  for (std::string word; info >> word;)
    if (word == "Pid:" && info >> word) return word;
  return "none";
}

std::string proc_file(const std::string& pid, const char* name) {
  std::ifstream in("/proc/" + pid + "/" + name);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST_F(Executor, PutsItsCallsBeforeItselfWhenMemoryRunsOut) {
  const Spare spare = executor().fork_spare();
  EXPECT_EQ(proc_file(pid_of(spare.pidfd), "oom_score_adj"), "1000\n");
  EXPECT_EQ(proc_file(std::to_string(executor().pid()), "oom_score_adj"), "900\n");
}

TEST_F(Executor, PutsACallIntoItsControlGroupAndStaysOutsideItself) {
  const std::string name = "mcpbox-executor-test-" + std::to_string(::getpid());
  std::string folder;
  for (const char* mount : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"})
    if (folder.empty() && ::access((std::string(mount) + "/cgroup.procs").c_str(), W_OK) == 0)
      folder = std::string(mount) + "/" + name;
  if (folder.empty() || ::mkdir(folder.c_str(), 0755) != 0) GTEST_SKIP() << "no cgroup v2 to make a group in";
  {
    const Fd procs(::open((folder + "/cgroup.procs").c_str(), O_RDWR | O_CLOEXEC));
    const Spare spare = executor().fork_spare(procs.get());
    const Result<protocol::Compiled> made = ask(spare.link.get(), protocol::Compile{.source = kGreet});
    EXPECT_TRUE(made.has_value()) << "it works in its group as anywhere";
    executor().ending_of(spare);
    const Spare other = executor().fork_spare(procs.get());
    for (int i = 0; i < 1000 && proc_file(pid_of(other.pidfd), "cgroup").find(name) == std::string::npos; ++i)
      ::usleep(2000);
    EXPECT_NE(proc_file(pid_of(other.pidfd), "cgroup").find(name), std::string::npos);
    EXPECT_EQ(proc_file(std::to_string(executor().pid()), "cgroup").find(name), std::string::npos);
    ::syscall(SYS_pidfd_send_signal, other.pidfd.get(), SIGKILL, nullptr, 0);
    executor().ending_of(other);
  }
  EXPECT_EQ(::rmdir(folder.c_str()), 0) << "somebody is left in it";
}

// What cannot be entered is a descriptor that is no control group: the child refuses to go on.
TEST_F(Executor, EndsACallThatCannotEnterItsControlGroup) {
  const Fd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  const Spare spare = executor().fork_spare(nothing.get());
  const int status = executor().ending_of(spare).wait_status;
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == static_cast<int>(jail::CallStep::kGroup)) << status;
}

// Runs `body` in a process that has become an ordinary user; its failures are printed there and fail here.
template <class Body>
void as_ordinary_user(Body body) {
  constexpr uid_t kUser = 12345;
  const pid_t child = ::fork();
  if (child == 0) {
    const bool root = ::geteuid() == 0;
    if (root && (::setgroups(0, nullptr) != 0 || ::setresgid(kUser, kUser, kUser) != 0 ||
                 ::setresuid(kUser, kUser, kUser) != 0))
      ::_exit(2);
    ::prctl(PR_SET_DUMPABLE, 1);
    body();
    ::_exit(Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "wait status " << status;
}

TEST(ExecutorOfAnOrdinaryUser, ServesWithoutItsOwnUidWhenThatWasGivenUp) {
  as_ordinary_user([] {
    ExecutorProcess executor(::geteuid(), "0x1");
    ASSERT_TRUE(executor.ready());
    EXPECT_EQ(executor.layers() & policy::kLayerBits,
              policy::kZygoteLayers & ~static_cast<policy::Layers>(policy::Layer::kOwnUid));
    const Result<protocol::Outcome> outcome = run(executor, "def main(): return 'rootless'\n");
    ASSERT_TRUE(outcome.has_value());
    EXPECT_EQ(outcome->log_result, "rootless");
  });
}

TEST_F(Executor, ShowsItsRoleAndItsCallsInPs) {
  const Spare spare = executor().fork_spare();
  std::ifstream file("/proc/" + std::to_string(executor().pid()) + "/cmdline");
  std::string title;
  std::getline(file, title, '\0');
  EXPECT_EQ(title, "mcpbox: [zygote]");
}

TEST_F(Executor, CompilesToCodeSchemaAndParameters) {
  const Result<protocol::Compiled> made = compile(executor(), kGreet);
  ASSERT_TRUE(made.has_value());
  EXPECT_TRUE(made->report.valid);
  EXPECT_TRUE(made->report.has_main);
  EXPECT_EQ(made->report.line, 0u);
  EXPECT_FALSE(made->code.empty());
  EXPECT_EQ(
      made->report.input_schema,
      R"({"type": "object", "properties": {"name": {"type": "string", "description": "Parameter: name"}, )"
      R"("times": {"type": "integer", "description": "Parameter: times", "default": 1}}, )"
      R"("required": ["name"], "additionalProperties": false})");
}

TEST_F(Executor, ReportsWhichModulesTheCodeImports) {
  const Result<protocol::Compiled> made =
      compile(executor(), "import yaml, os.path\nasync def main():\n  from PIL import Image\n");
  ASSERT_TRUE(made.has_value());
  EXPECT_TRUE(made->report.valid);
  EXPECT_EQ(std::vector<std::string>(made->report.modules.begin(), made->report.modules.end()),
            (std::vector<std::string>{"PIL", "os", "yaml"}));
}

TEST_F(Executor, ReportsWhatAReviewerShouldLookAt) {
  const Result<protocol::Compiled> made = compile(executor(), "async def main():\n  eval('1')\n");
  ASSERT_TRUE(made.has_value());
  EXPECT_TRUE(made->report.valid);
  EXPECT_NE(made->report.analysis.find(R"("rule": "dynamic-code", "line": 2)"), std::string::npos);
}

TEST_F(Executor, ChecksASchemaThatTheAuthorWroteAndFollowsItsReferences) {
  const std::string source =
      "INPUT_SCHEMA = {'type': 'object', '$defs': {'n': {'type': 'integer'}},\n"
      "                'properties': {'a': {'$ref': '#/$defs/n'}}}\n"
      "async def main(a): return a\n";
  const Result<protocol::Outcome> good = run(executor(), source, R"({"a":1})");
  ASSERT_TRUE(good.has_value());
  EXPECT_EQ(good->log_result, "1");
  const Result<protocol::Outcome> bad = run(executor(), source, R"({"a":"x"})");
  ASSERT_TRUE(bad.has_value());
  EXPECT_EQ(bad->end, protocol::CallEnd::kInvalidArguments);
  const Result<protocol::Compiled> wrong =
      compile(executor(), "x = 1\nINPUT_SCHEMA = {'type': 'object', 'required': 1}\ndef main(): pass\n");
  ASSERT_TRUE(wrong.has_value());
  EXPECT_FALSE(wrong->report.valid);
  EXPECT_EQ(wrong->report.line, 2u);
}

TEST_F(Executor, ReportsASyntaxErrorWithItsLine) {
  const Result<protocol::Compiled> made = compile(executor(), "x = 1\nasync def main(:\n");
  ASSERT_TRUE(made.has_value());
  EXPECT_FALSE(made->report.valid);
  EXPECT_EQ(made->report.line, 2u);
  EXPECT_TRUE(made->code.empty());
}

TEST_F(Executor, CompilesTheLargestCode) {
  const std::string source = "async def main(): pass\n#";
  const Result<protocol::Compiled> made =
      compile(executor(), source + std::string(policy::limits::kCodeChars - source.size(), 'x'));
  ASSERT_TRUE(made.has_value());
  EXPECT_TRUE(made->report.valid);
  const Result<protocol::Compiled> over =
      compile(executor(), source + std::string(policy::limits::kCodeChars - source.size() + 1, 'x'));
  ASSERT_TRUE(over.has_value());
  EXPECT_FALSE(over->report.valid);
}

TEST_F(Executor, RunsACallAndTellsItsOutcome) {
  const Result<protocol::Outcome> outcome = run(executor(), kGreet, R"({"name":"Ada","times":2})");
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->end, CallEnd::kOk);
  EXPECT_NE(outcome->result.find(R"("structuredContent": {"text": "hello Ada hello Ada "})"),
            std::string::npos)
      << outcome->result;
  EXPECT_EQ(outcome->log_output, "greeting Ada\n");
  EXPECT_EQ(outcome->log_result, R"({"text": "hello Ada hello Ada "})");
}

TEST_F(Executor, ReportsTheEndingOfEachSpareOnce) {
  const protocol::Prepare job = job_for(executor(), kGreet);
  const Spare spare = executor().fork_spare();
  ASSERT_TRUE(run_in(spare, job, request_body(R"({"name":"x"})")).has_value());
  const protocol::SpareEnded ended = executor().ending_of(spare);
  EXPECT_TRUE(WIFEXITED(ended.wait_status));
  EXPECT_EQ(WEXITSTATUS(ended.wait_status), 0);
  EXPECT_GT(ended.peak_memory_bytes, 0u);
}

TEST_F(Executor, ServesManyCallsEachInAProcessOfItsOwn) {
  const protocol::Prepare job = job_for(executor(),
                                        "import json\nseen = getattr(json, 'seen', 0)\njson.seen = 1\n"
                                        "async def main():\n    import random\n"
                                        "    return str(seen) + ' ' + str(random.random())\n");
  std::set<std::string> answers;
  for (int i = 0; i < 20; ++i) {
    const Spare spare = executor().fork_spare();
    const Result<protocol::Outcome> outcome = run_in(spare, job, request_body());
    ASSERT_TRUE(outcome.has_value());
    EXPECT_TRUE(outcome->log_result.starts_with("0 ")) << outcome->log_result;
    answers.insert(outcome->log_result);
  }
  EXPECT_EQ(answers.size(), 20u) << "children must not share their random numbers";
}

TEST_F(Executor, EndsACallWhoseBodyNamesAnotherToolAsForged) {
  const protocol::Prepare job = job_for(executor(), kGreet);
  const Spare spare = executor().fork_spare();
  const Result<protocol::Outcome> outcome = run_in(spare, job, request_body(R"({"name":"x"})", "srv__other"));
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->end, CallEnd::kForged);
  EXPECT_TRUE(outcome->result.empty());
  EXPECT_TRUE(outcome->log_output.empty());
}

TEST_F(Executor, ChecksArgumentsBeforeAnythingRuns) {
  const Result<protocol::Outcome> outcome = run(executor(), kGreet, R"({"name":5})");
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->end, CallEnd::kInvalidArguments);
  EXPECT_NE(outcome->result.find("`name` must be of type string, not integer"), std::string::npos)
      << outcome->result;
  EXPECT_TRUE(outcome->log_output.empty());
}

TEST_F(Executor, RunsADraftWithTheArgumentsAlone) {
  protocol::Prepare job = job_for(executor(), kGreet);
  job.mode = protocol::RunMode::kTest;
  const Spare spare = executor().fork_spare();
  const Result<protocol::Outcome> outcome = run_in(spare, job, R"({"name":"draft"})");
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->end, CallEnd::kOk);
}

TEST_F(Executor, ReportsAnExceptionWithItsLine) {
  const Result<protocol::Outcome> outcome =
      run(executor(), "async def main():\n    x = 1\n    return x / 0\n");
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->end, CallEnd::kToolError);
  EXPECT_TRUE(outcome->log_error.starts_with("ZeroDivisionError: division by zero")) << outcome->log_error;
  EXPECT_NE(outcome->log_error.find(">>> 3 |"), std::string::npos) << outcome->log_error;
}

TEST_F(Executor, UsersAndHostsAreUnknownToACallAndAskingForThemIsNoAttack) {
  const Result<protocol::Outcome> outcome = run(executor(), R"(
import asyncio
load = asyncio.sys.modules["importlib"].import_module
grp, os, pwd, socket = (load(name) for name in ("grp", "os", "pwd", "socket"))
def asked(what):
    try:
        return str(what())
    except (KeyError, OSError) as error:
        return type(error).__name__
async def main():
    return [os.path.expanduser("~"), asked(lambda: pwd.getpwuid(0)), asked(lambda: grp.getgrall()),
            asked(lambda: socket.gethostbyname("nas.lan"))]
)");
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->end, CallEnd::kOk) << outcome->log_error;
  EXPECT_EQ(outcome->log_result, R"(["~", "KeyError", "[]", "gaierror"])");
}

// --- Jobs that are none -------------------------------------------------------------------------------

TEST_F(Executor, RefusesCodeThatCompileDidNotMake) {
  protocol::Prepare job = job_for(executor(), kGreet);
  job.code = job.code.substr(0, job.code.size() / 2);
  const Spare spare = executor().fork_spare();
  const Result<protocol::Done> prepared = ask(spare.link.get(), job);
  EXPECT_FALSE(prepared.has_value());
  EXPECT_TRUE(spare.ends_within(kPatienceSeconds * 1000));
}

TEST_F(Executor, EndsASpareThatIsToldToGoUnprepared) {
  const Spare spare = executor().fork_spare();
  ASSERT_TRUE(send(spare.link.get(), protocol::Go{.body = request_body()}).has_value());
  EXPECT_TRUE(spare.ends_within(kPatienceSeconds * 1000));
  EXPECT_EQ(WEXITSTATUS(executor().ending_of(spare).wait_status), 70);
}

TEST_F(Executor, EndsASpareThatGetsATruncatedOrOversizedFrame) {
  const Spare truncated = executor().fork_spare();
  ASSERT_EQ(::write(truncated.link.get(), "\x10\0\0\0\x01", 5), 5);
  ::shutdown(truncated.link.get(), SHUT_WR);
  EXPECT_TRUE(truncated.ends_within(kPatienceSeconds * 1000));

  const Spare oversized = executor().fork_spare();
  const std::array<unsigned char, 12> header{0xff, 0xff, 0xff, 0x7f, 1, 0, 0, 0, 0, 0, 1, 0};
  ASSERT_EQ(::write(oversized.link.get(), header.data(), header.size()), 12);
  EXPECT_TRUE(oversized.ends_within(kPatienceSeconds * 1000));
  EXPECT_EQ(WEXITSTATUS(executor().ending_of(oversized).wait_status), 70);
}

TEST_F(Executor, EndsASpareWhoseMonitorWentAway) {
  Spare unused = executor().fork_spare();
  unused.link.reset();
  EXPECT_TRUE(unused.ends_within(kPatienceSeconds * 1000));
  const protocol::SpareEnded ended = executor().ending_of(unused);
  EXPECT_TRUE(WIFEXITED(ended.wait_status) && WEXITSTATUS(ended.wait_status) == 0) << ended.wait_status;

  const protocol::Prepare job = job_for(executor(), kGreet);
  Spare prepared = executor().fork_spare();
  ASSERT_TRUE(ask(prepared.link.get(), job).has_value());
  prepared.link.reset();
  EXPECT_TRUE(prepared.ends_within(kPatienceSeconds * 1000));
}

TEST_F(Executor, GoesWhenItIsOrderedSomethingElse) {
  ASSERT_TRUE(send(executor().link(), protocol::Compile{.source = "x"}).has_value());
  const int status = executor().wait_ended();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE) << status;
}

TEST_F(Executor, GoesQuietlyWithTheMonitorAndTakesItsCallsAlong) {
  const Spare spare = executor().fork_spare();
  executor().close_link();
  const int status = executor().wait_ended();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS) << status;
  EXPECT_TRUE(spare.ends_within(kPatienceSeconds * 1000));
}

TEST_F(Executor, LeavesNothingWhenItIsKilled) {
  const protocol::Prepare job = job_for(executor(), "def main():\n    while True: pass\n");
  const Spare busy = executor().fork_spare();
  ASSERT_TRUE(ask(busy.link.get(), job).has_value());
  ASSERT_TRUE(send(busy.link.get(), protocol::Go{.body = request_body()}).has_value());
  ::kill(executor().pid(), SIGKILL);
  EXPECT_TRUE(WIFSIGNALED(executor().wait_ended()));
  EXPECT_TRUE(busy.ends_within(kPatienceSeconds * 1000));
}

// --- Notices ----------------------------------------------------------------------------------------------

std::vector<Op> notices_of(const Spare& spare) {
  std::vector<Op> notices;
  for (;;) {
    const Result<Frame> frame = wire::read_frame(spare.link.get(), kMostBytes);
    if (!frame) return notices;
    if (frame->header.kind == FrameKind::kNotice) notices.push_back(Op{frame->header.op});
  }
}

std::vector<Op> notices_of_call(ExecutorProcess& executor, const std::string& source) {
  const protocol::Prepare job = job_for(executor, source);
  const Spare spare = executor.fork_spare();
  EXPECT_TRUE(send(spare.link.get(), job).has_value());
  EXPECT_TRUE(send(spare.link.get(), protocol::Go{.body = request_body()}).has_value());
  return notices_of(spare);
}

TEST_F(Executor, ASpareSaysThatItIsReadyAndACallThatItWaitsOnce) {
  using Ops = std::vector<Op>;
  EXPECT_EQ(notices_of_call(executor(), "def main(): return 1\n"), Ops{Op::kSpareReady});
  EXPECT_EQ(notices_of_call(executor(), "import asyncio\nasync def main(): await asyncio.sleep(0)\n"),
            Ops{Op::kSpareReady});
  EXPECT_EQ(notices_of_call(executor(),
                            "import asyncio\nasync def main():\n"
                            "    for _ in range(3): await asyncio.sleep(0.01)\n"),
            (Ops{Op::kSpareReady, Op::kWaits}));
  EXPECT_EQ(notices_of_call(executor(),
                            "import asyncio\ndef main():\n    for _ in range(2):\n"
                            "        asyncio.new_event_loop().run_until_complete(asyncio.sleep(0.01))\n"),
            (Ops{Op::kSpareReady, Op::kWaits}));
}

}  // namespace
}  // namespace mcpbox
