// The real mcpboxctl against a monitor with canned answers: what it asks, what it shows, how it ends.
#include <gmock/gmock.h>

#include "admin/ctl/json.h"
#include "admin/ctl/tool_text.h"
#include "policy/layers.h"
#include "tests/admin/ctl/fake_monitor.h"
#include "tests/admin/ctl/running.h"

namespace mcpbox::ctl::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kDigits = "abababab";
constexpr uid_t kNobody = 65534;

class Command : public ::testing::Test {
 protected:
  void SetUp() override {
    monitor.status.database_up = true;
    monitor.status.may_decide = true;
    monitor.tool.server = "srv";
    monitor.tool.name = "greet";
    monitor.tool.code = "async def main():\n    return 1\n";
    monitor.tool.input_schema = "{}";
    monitor.tool.digest.fill(0xab);
  }
  std::vector<std::string> with_socket(std::vector<std::string> words) {
    words.insert(words.begin(), {"--socket", monitor.socket()});
    return words;
  }
  Ended run(std::vector<std::string> words, const std::string& input = "") {
    return run_without_terminal(with_socket(std::move(words)), input);
  }
  Ended at_terminal(std::vector<std::string> words, std::vector<Step> steps) {
    return run_at_terminal(with_socket(std::move(words)), std::move(steps));
  }
  FakeMonitor monitor;
};

TEST_F(Command, LinesThatMakeNoSenseAreUsageErrors) {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{{},
                                                                                     {"nonsense"},
                                                                                     {"show"},
                                                                                     {"show", "a", "b"},
                                                                                     {"status", "x"},
                                                                                     {"reject", "srv__greet"},
                                                                                     {"admin", "create", "x"},
                                                                                     {"--page", "0", "logs"}})
    EXPECT_EQ(run(words).exit, 2);
  EXPECT_TRUE(monitor.asked<protocol::Hello>().empty()) << "and nobody was bothered";
}

TEST_F(Command, HelpNamesEveryExitAndVersionTheBuild) {
  const Ended help = run({"help"});
  EXPECT_EQ(help.exit, 0);
  for (const char* line : {"approve", "  5  the tool has changed", "  7  status"})
    EXPECT_THAT(help.output, HasSubstr(line));
  EXPECT_THAT(run({"--version"}).output, HasSubstr("mcpboxctl "));
}

TEST_F(Command, WithoutADaemonIsUnreachable) {
  const Ended ended = run_without_terminal({"--state", monitor.folder() + "/none", "status"});
  EXPECT_EQ(ended.exit, 3);
  EXPECT_THAT(ended.output, HasSubstr("no socket at"));
}

TEST_F(Command, StatusEndsByHealth) {
  EXPECT_EQ(run({"status"}).exit, 0);
  monitor.status.processes = {
      {.role = "zygote", .missing = static_cast<policy::Layers>(policy::Layer::kSeccomp), .serving = true}};
  EXPECT_EQ(run({"status"}).exit, 7);
  monitor.status.missing_allowed = monitor.status.processes[0].missing;
  EXPECT_EQ(run({"status"}).exit, 0);
}

TEST_F(Command, JsonIsOneValue) {
  const Ended ended = run({"--json", "status"});
  const Json json = parse_json(ended.output);
  ASSERT_TRUE(json);
  EXPECT_TRUE(json_is_true(json_object_get(json.get(), "healthy")));
}

TEST_F(Command, WhoeverMayNotDecideIsToldWhatToDo) {
  monitor.status.may_decide = false;
  for (const char* command : {"pending", "freeze", "thaw"}) {
    const Ended ended = run({command});
    EXPECT_EQ(ended.exit, 6) << command;
    EXPECT_THAT(ended.output, HasSubstr("mcpbox-admin"));
  }
  EXPECT_TRUE(monitor.asked<protocol::Freeze>().empty());
}

TEST_F(Command, RowsAreShownAsTablesAndNothingInThemSpeaksToTheTerminal) {
  monitor.json =
      R"({"logs":[{"id":"0123456789","tool":"srv__greet","end":"tool_error","duration_ms":7,"is_test":false,
                     "error":"boom\u001b[2J\nsecond","executed_by":"unix:alice"}],"total":1,"page":1,"pages":1})";
  const Ended ended = run({"logs", "srv__greet"});
  EXPECT_EQ(ended.exit, 0);
  EXPECT_THAT(ended.output, HasSubstr("boom\\x1b[2J\\x0asecond"));
  EXPECT_THAT(ended.output, Not(HasSubstr("\x1b")));
  ASSERT_EQ(monitor.asked<protocol::ReadLogs>().size(), 1U);
  EXPECT_EQ(monitor.asked<protocol::ReadLogs>()[0].tool, "srv__greet");
}

TEST_F(Command, TheLogSaysHowManyRequestsWentOutAndHowManyWereDenied) {
  monitor.json =
      R"({"logs":[{"id":"0123456789","tool":"srv__a","egress_requests":41,"egress_denied":0},
                  {"id":"0123456789","tool":"srv__b","egress_requests":52,"egress_denied":3}],
          "total":2,"page":1,"pages":1})";
  const Ended ended = run({"logs"});
  EXPECT_EQ(ended.exit, 0);
  EXPECT_THAT(ended.output, HasSubstr("NET"));
  EXPECT_THAT(ended.output, HasSubstr(" 41 "));
  EXPECT_THAT(ended.output, Not(HasSubstr("41,")));
  EXPECT_THAT(ended.output, HasSubstr("52, 3 denied"));
}

TEST_F(Command, RowsThatAreNotJsonAreRefused) {
  monitor.json = "{\"logs\":";
  EXPECT_EQ(run({"logs"}).exit, 1);
}

TEST_F(Command, ExplainSaysWhoDecidedOnWhatAndWhatItMayReach) {
  monitor.json =
      R"({"tool":"srv__greet","approval_status":"approved","version":3,"digest":"abab","enabled":true,
      "decision":{"state":"approved","by":"root","at":"2026-11-22T18:00:00.000Z","audit_sequence":9,"digest":"abab"},
      "hosts":[],"secrets":[],"modules":[],"last_used_at":null,"calls":{"total":4,"failed":1}})";
  const Ended ended = run({"explain", "srv__greet"});
  EXPECT_EQ(ended.exit, 0);
  for (const char* text :
       {"approved by root at 2026-11-22T18:00:00.000Z, audit record 9", "Hosts        none", "4, failed 1"})
    EXPECT_THAT(ended.output, HasSubstr(text));
}

TEST_F(Command, ShowOfAToolThatIsNotThereIsNotFound) {
  monitor.tool.name.clear();
  EXPECT_EQ(run({"show", "srv__none"}).exit, 4);
}

TEST_F(Command, ApproveShowsEverythingAndBindsTheDigestThatItShowed) {
  const Ended ended =
      at_terminal({"approve", "srv__greet"}, {{"first eight digits", std::string(kDigits) + "\n"}});
  EXPECT_EQ(ended.exit, 0) << ended.output;
  EXPECT_THAT(ended.output, HasSubstr("     1 | async def main():"));
  ASSERT_EQ(monitor.asked<protocol::Approve>().size(), 1U);
  EXPECT_EQ(monitor.asked<protocol::Approve>()[0].digest, monitor.tool.digest);
}

TEST_F(Command, ApproveWithOtherDigitsApprovesNothing) {
  for (const char* typed : {"abababac\n", "\n", "ababab\n", "yes\n", "ababababab\n"}) {
    const Ended ended = at_terminal({"approve", "srv__greet"}, {{"first eight digits", typed}});
    EXPECT_EQ(ended.exit, 1) << typed;
  }
  EXPECT_TRUE(monitor.asked<protocol::Approve>().empty());
}

TEST_F(Command, ApproveOfWhatHasChangedIsAConflict) {
  monitor.refuse_decisions = base::Why::kConflict;
  monitor.then = monitor.tool;
  monitor.then->description = "something else";
  monitor.then->digest.fill(0xee);
  const Ended ended =
      at_terminal({"approve", "srv__greet"}, {{"first eight digits", std::string(kDigits) + "\n"}});
  EXPECT_EQ(ended.exit, 5);
  EXPECT_THAT(ended.output, HasSubstr("changed since it was shown, in description; look at it again"));
}

TEST_F(Command, ApproveNeedsATerminalWhateverStandsOnStandardInput) {
  const Ended ended = run({"approve", "srv__greet"}, std::string(kDigits) + "\n");
  EXPECT_EQ(ended.exit, 6);
  EXPECT_TRUE(monitor.asked<protocol::Approve>().empty());
}

TEST_F(Command, ApproveByDigestIsForRootAlone) {
  const std::string digest = hex_of(monitor.tool.digest);
  if (::geteuid() != 0) {
    EXPECT_EQ(run({"approve", "srv__greet", "--digest", digest}).exit, 6);
    return;
  }
  EXPECT_EQ(run({"approve", "srv__greet", "--digest", digest}).exit, 0);
  EXPECT_EQ(monitor.asked<protocol::Approve>().size(), 1U);
  const Ended other =
      run_without_terminal(with_socket({"approve", "srv__greet", "--digest", digest}), "", kNobody);
  if (other.exit == 125) GTEST_SKIP() << "another user cannot run the program from this folder";
  EXPECT_EQ(other.exit, 6);
  EXPECT_EQ(monitor.asked<protocol::Approve>().size(), 1U);
}

TEST_F(Command, RejectCarriesTheReasonAndTheDigest) {
  EXPECT_EQ(run({"reject", "srv__greet", "--reason", "no tests"}).exit, 0);
  ASSERT_EQ(monitor.asked<protocol::Reject>().size(), 1U);
  EXPECT_EQ(monitor.asked<protocol::Reject>()[0].reason, "no tests");
  EXPECT_EQ(monitor.asked<protocol::Reject>()[0].digest, monitor.tool.digest);
}

TEST_F(Command, FreezeAndThawAreAsked) {
  EXPECT_EQ(run({"freeze", "--reason", "odd calls"}).exit, 0);
  ASSERT_EQ(monitor.asked<protocol::Freeze>().size(), 1U);
  EXPECT_EQ(monitor.asked<protocol::Freeze>()[0].reason, "odd calls");
  EXPECT_EQ(run({"thaw"}).exit, 0);
  EXPECT_EQ(monitor.asked<protocol::Thaw>().size(), 1U);
}

class Password : public Command {
 protected:
  void SetUp() override {
    Command::SetUp();
    if (::geteuid() != 0) GTEST_SKIP() << "a password goes only to a control socket that root made";
    monitor.status.may_decide = false;
    monitor.status.needs_password = true;
  }
};

TEST_F(Password, IsAskedAtTheTerminalWithoutEchoAndSentBeforeTheDecision) {
  const Ended ended =
      at_terminal({"freeze"}, {{"Admin name: ", "alice\n"}, {"Password: ", "open sesame now\n"}});
  EXPECT_EQ(ended.exit, 0) << ended.output;
  EXPECT_THAT(ended.output, Not(HasSubstr("sesame")));
  ASSERT_EQ(monitor.asked<protocol::Unlock>().size(), 1U);
  EXPECT_EQ(monitor.asked<protocol::Unlock>()[0].admin, "alice");
  EXPECT_EQ(monitor.asked<protocol::Unlock>()[0].password, "open sesame now");
  EXPECT_EQ(monitor.asked<protocol::Freeze>().size(), 1U);
}

TEST_F(Password, ThatIsWrongEndsIt) {
  monitor.unlocks = false;
  const Ended ended = at_terminal({"freeze"}, {{"Admin name: ", "alice\n"}, {"Password: ", "wrong\n"}});
  EXPECT_EQ(ended.exit, 6);
  EXPECT_TRUE(monitor.asked<protocol::Freeze>().empty());
}

TEST_F(Password, IsNeverReadFromStandardInput) {
  EXPECT_EQ(run({"freeze"}, "alice\nopen sesame now\n").exit, 6);
  EXPECT_TRUE(monitor.asked<protocol::Unlock>().empty());
}

TEST_F(Password, OfAnAdminIsTypedTwice) {
  monitor.status.may_decide = true;
  const std::vector<std::string> command = {"admin", "set-password", "alice"};
  const Ended same =
      at_terminal(command, {{"New password: ", "twelve chars\n"}, {"again: ", "twelve chars\n"}});
  EXPECT_EQ(same.exit, 0) << same.output;
  EXPECT_THAT(same.output, Not(HasSubstr("twelve")));
  const Ended other =
      at_terminal(command, {{"New password: ", "twelve chars\n"}, {"again: ", "twelve charz\n"}});
  EXPECT_EQ(other.exit, 1);
  const Ended shorter = at_terminal(command, {{"New password: ", "eleven char\n"}});
  EXPECT_EQ(shorter.exit, 1);
  ASSERT_EQ(monitor.asked<protocol::SetPassword>().size(), 1U);
  EXPECT_EQ(monitor.asked<protocol::SetPassword>()[0].password, "twelve chars");
}

TEST_F(Password, OfAnAdminMayComeFromRootsScript) {
  monitor.status.may_decide = true;
  EXPECT_EQ(run({"admin", "set-password", "alice"}, "from a script\nsecond line\n").exit, 0);
  ASSERT_EQ(monitor.asked<protocol::SetPassword>().size(), 1U);
  EXPECT_EQ(monitor.asked<protocol::SetPassword>()[0].password, "from a script");
  EXPECT_EQ(run({"admin", "set-password", "alice"}, "").exit, 1);
}

TEST_F(Command, APasswordIsNotSentToASocketThatRootDidNotMake) {
  FakeMonitor stranger(::geteuid() == 0 ? kNobody : 0);
  stranger.status.needs_password = true;
  const Ended ended = run_at_terminal({"--socket", stranger.socket(), "freeze"}, {});
  EXPECT_EQ(ended.exit, 6);
  EXPECT_THAT(ended.output, HasSubstr("no password is sent"));
  EXPECT_TRUE(stranger.asked<protocol::Unlock>().empty());
}

TEST_F(Command, ANewPasswordIsNotSentToASocketOfAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can make a socket of another user";
  FakeMonitor stranger(kNobody);
  stranger.status.may_decide = true;
  const Ended ended = run_without_terminal({"--socket", stranger.socket(), "admin", "set-password", "alice"},
                                           "from a script\n");
  EXPECT_EQ(ended.exit, 6);
  EXPECT_TRUE(stranger.asked<protocol::SetPassword>().empty());
}

}  // namespace
}  // namespace mcpbox::ctl::testing
