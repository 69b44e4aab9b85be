// What a spare does while it waits, and that the call after it does not notice.  mirrors
// executor/rehearsal.cc
#include "tests/executor/executor_process.h"

#include <charconv>

namespace mcpbox {
namespace {

using namespace test;

class RehearsalTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "starting a process under another uid needs root";
    executor_.emplace();
    ASSERT_TRUE(executor_->ready());
  }
  ExecutorProcess& executor() { return *executor_; }

  // The result of this tool, in a spare that says that it is ready before its job comes.
  std::string result_of(const protocol::Prepare& job) {
    const Spare spare = executor().fork_spare();
    const Result<Frame> ready = wire::read_frame(spare.link.get(), kMostBytes);
    EXPECT_TRUE(ready && ready->header.op == static_cast<std::uint16_t>(Op::kSpareReady));
    const Result<protocol::Outcome> outcome = run_in(spare, job, request_body());
    return outcome ? outcome->log_result + outcome->log_error : std::string("no outcome");
  }

 private:
  std::optional<ExecutorProcess> executor_;
};

long number_in(const std::string& text) {
  long number = -1;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

constexpr long kFewFaults = 16;  // of such a call, which takes 70 when nothing has been done for it
constexpr const char* kFaults =
    "import asyncio\n"
    "usage = asyncio.sys.modules['resource'].getrusage\n"
    "begin = usage(0).ru_minflt\n"
    "async def main():\n"
    "    await asyncio.sleep(0)\n"
    "    return usage(0).ru_minflt - begin\n";

// A child that waited has looked at everything; one whose job came at once has only copied what it writes to.
TEST_F(RehearsalTest, SparesACallTheFaultsOfWhatItDoesForTheFirstTime) {
  const protocol::Prepare job = job_for(executor(), kFaults);
  const long warm = number_in(result_of(job));
  executor().warm_spares = false;
  const long cold = number_in(result_of(job));
  EXPECT_GE(warm, 0);
  EXPECT_LE(warm, kFewFaults);
  EXPECT_GE(cold, 0);
  EXPECT_LE(cold, 2 * kFewFaults);
}

constexpr const char* kTraces =
    "import asyncio\n"
    "sys = asyncio.sys\n"
    "def main():\n"
    "    print('mine')\n"
    "    poll = sys.modules['select'].poll()\n"
    "    for number in range(8): poll.register(number, 0)\n"
    "    closed = [number for number, _ in poll.poll(0)]\n"
    "    names = [name for name in sys.modules['linecache'].cache]\n"
    "    return [sys.stdout.text(), closed, names, arguments]\n";

TEST_F(RehearsalTest, LeavesNothingForTheCallAfterIt) {
  const protocol::Prepare job = job_for(executor(), kTraces);
  const std::string warm = result_of(job);
  EXPECT_EQ(warm, R"(["mine\n", [0, 1, 2, 4, 5, 6, 7], ["<tool>"], {}])");
  executor().warm_spares = false;
  EXPECT_EQ(result_of(job), warm);
}

TEST_F(RehearsalTest, DoesNotMakeTheirRandomNumbersTheSame) {
  const protocol::Prepare job =
      job_for(executor(), "import random\ndef main(): return random.getrandbits(60)\n");
  EXPECT_NE(result_of(job), result_of(job));
}

}  // namespace
}  // namespace mcpbox
