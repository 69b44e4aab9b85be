// Mirrors admin/ctl/status_text.cc.
#include "admin/ctl/status_text.h"

#include <gmock/gmock.h>

#include "admin/ctl/layers_text.h"

namespace mcpbox::ctl {
namespace {

using policy::Layer;
using testing::HasSubstr;
using testing::Not;

protocol::Status healthy() {
  protocol::Status status{
      .version = "0.1.0", .database_up = true, .database = "embedded", .audit_records = 12};
  status.listeners = {"127.0.0.1:8000", "[::1]:8000"};
  status.admin_listeners = {"127.0.0.1:3000"};
  status.processes = {{.role = "priv", .pid = 10, .layers = policy::kMonitorLayers, .serving = true},
                      {.role = "zygote", .pid = 11, .layers = policy::kZygoteLayers, .serving = true}};
  return status;
}

TEST(Healthy, MeansServingWithEveryRequiredLayerAndADatabase) {
  EXPECT_TRUE(is_healthy(healthy()));
  protocol::Status no_database = healthy();
  no_database.database_up = false;
  EXPECT_FALSE(is_healthy(no_database));
  protocol::Status down = healthy();
  down.processes[1].serving = false;
  EXPECT_FALSE(is_healthy(down));
}

TEST(Healthy, AMissingLayerIsOnlyExcusedByName) {
  protocol::Status status = healthy();
  status.processes[1].missing = Layer::kLandlock | Layer::kOwnUid;
  EXPECT_FALSE(is_healthy(status));
  status.missing_allowed = static_cast<policy::Layers>(Layer::kOwnUid);
  EXPECT_FALSE(is_healthy(status));
  status.missing_allowed = Layer::kLandlock | Layer::kOwnUid;
  EXPECT_TRUE(is_healthy(status));
}

TEST(StatusText, SaysWhatIsOnAndWhoListens) {
  const std::string text = status_text(healthy(), 0);
  EXPECT_THAT(text, HasSubstr("Isolation   full"));
  EXPECT_THAT(text, HasSubstr("127.0.0.1:8000, [::1]:8000"));
  EXPECT_THAT(text, HasSubstr("zygote: own-uid, user-namespace, pid-namespace"));
  EXPECT_THAT(text, HasSubstr("You         may look, not decide"));
}

TEST(StatusText, SaysWhichBetterFormsAreOnAndWhatTheOthersWouldAdd) {
  protocol::Status status = healthy();
  status.processes[0].layers = status.processes[0].layers | policy::Better::kSecretMemory;
  const std::string text = status_text(status, 0);
  EXPECT_THAT(text, HasSubstr("Better forms that are on\n  secret-memory\n"));
  EXPECT_THAT(text,
              HasSubstr("call-group (needs a delegated cgroup v2 with memory and pids) would also stop "));
  EXPECT_THAT(text, Not(HasSubstr("secret-memory (needs")));
  EXPECT_TRUE(is_healthy(status)) << "a better form is nobody's duty";
}

TEST(StatusText, CountsLayersAndNotTheirForms) {
  EXPECT_EQ(count_of(Layer::kLandlock | policy::Better::kLandlockScopes), 1u);
  EXPECT_EQ(names_of(Layer::kLandlock | policy::Better::kLandlockScopes), "landlock");
}

TEST(StatusText, WithEveryBetterFormDoesNotSpeakOfOthers) {
  protocol::Status status = healthy();
  for (const policy::BetterForm& row : policy::kBetterForms)
    status.processes[0].layers = status.processes[0].layers | row.form;
  EXPECT_THAT(status_text(status, 0), Not(HasSubstr("does not offer")));
}

TEST(StatusText, ATrialIsLoudAndNamesWhatEachMissingLayerWouldStop) {
  protocol::Status status = healthy();
  status.trial = true;
  status.missing_allowed = static_cast<policy::Layers>(Layer::kOwnUid);
  const std::string text = status_text(status, 0);
  EXPECT_THAT(text, HasSubstr("TRIAL"));
  EXPECT_THAT(text, HasSubstr("own-uid: without it nothing stops reading files and signalling processes"));
}

TEST(StatusText, AMissingLayerSaysWhetherItWasGivenUp) {
  protocol::Status status = healthy();
  status.missing_allowed = static_cast<policy::Layers>(Layer::kOwnUid);
  status.processes[1].missing = Layer::kLandlock | Layer::kOwnUid;
  const std::string text = status_text(status, 0);
  EXPECT_THAT(text, HasSubstr("MUST BE ON: landlock; given up: own-uid"));
  EXPECT_THAT(text, HasSubstr("landlock: without it nothing stops file access"));
}

TEST(StatusText, SaysWhoComputesWhoWaitsAndWhichZygotesThereAre) {
  protocol::Status status = healthy();
  status.calls_queued = 7;
  status.cpu_slots = 2;
  status.cpu_slots_used = 1;
  status.calls_memory_bytes = 12'288ULL * policy::limits::kMiB;
  status.calls_memory_used_bytes = 9ULL * policy::limits::kMiB;
  status.zygotes = {{.flavour = "default",
                     .pid = 11,
                     .life = protocol::ZygoteLife::kForks,
                     .idle = 4,
                     .in_use = 2,
                     .forked = 813},
                    {.flavour = "httpx", .pid = 12, .life = protocol::ZygoteLife::kRetired, .in_use = 1}};
  const std::string text = status_text(status, 0);
  EXPECT_THAT(text, HasSubstr("1 of 2 CPU slots and 9 of 12288 MB for calls taken, 7 waiting"));
  EXPECT_THAT(text, testing::ContainsRegex("default +11 +forks +4 +2 +813"));
  EXPECT_THAT(text, testing::ContainsRegex("httpx +12 +retired +0 +1 +0"));
  const Json json = status_json(status);
  EXPECT_EQ(json_integer_value(json_object_get(json.get(), "calls_queued")), 7);
  const json_t* second = json_array_get(json_object_get(json.get(), "zygotes"), 1);
  EXPECT_STREQ(json_string_value(json_object_get(second, "state")), "retired");
}

TEST(StatusText, OutsideTextIsVisible) {
  protocol::Status status = healthy();
  status.frozen = true;
  status.freeze_reason = "stop\x1b[2J";
  status.warnings = {"row\nignored"};
  const std::string text = status_text(status, 0);
  EXPECT_THAT(text, HasSubstr("YES, no call is accepted: stop\\x1b[2J"));
  EXPECT_THAT(text, HasSubstr("row\\x0aignored"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(StatusJson, SaysTheSameToScripts) {
  protocol::Status status = healthy();
  status.processes[1].missing = static_cast<policy::Layers>(Layer::kLandlock);
  const Json json = status_json(status);
  EXPECT_TRUE(json_is_false(json_object_get(json.get(), "healthy")));
  const json_t* zygote = json_array_get(json_object_get(json.get(), "processes"), 1);
  EXPECT_STREQ(json_string_value(json_array_get(json_object_get(zygote, "missing_unexcused"), 0)),
               "landlock");
  EXPECT_EQ(json_integer_value(json_object_get(json.get(), "audit_records")), 12);
}

TEST(LayerNames, AreAllOfASet) {
  EXPECT_EQ(names_of(0), "none");
  EXPECT_EQ(names_of(Layer::kSeccomp | Layer::kOwnUid), "own-uid, seccomp");
  EXPECT_EQ(count_of(Layer::kSeccomp | Layer::kOwnUid), 2U);
}

}  // namespace
}  // namespace mcpbox::ctl
