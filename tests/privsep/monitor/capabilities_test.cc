// Mirrors privsep/monitor/capabilities.cc.
#include "privsep/monitor/capabilities.h"

#include "tests/privsep/monitor/fixture.h"

namespace mcpbox::monitor {
namespace {

using protocol::GrantKind;
using protocol::GrantState;

class CapabilitiesTest : public MonitorTest {
 public:
  void host(unsigned char id, const std::string& name, GrantState state = GrantState::kApproved) {
    monitor.grants.put({.id = {id}, .state = state, .server = server_id, .name = name, .port = 443});
  }
};

TEST_F(CapabilitiesTest, AToolThatReachesNothingHasNone) { EXPECT_EQ(capabilities_of(monitor, tool()), ""); }

TEST_F(CapabilitiesTest, AreHostsModulesAndSecretsInOrder) {
  host(1, "b.example");
  host(2, "a.example");
  host(3, "asked.example", GrantState::kPending);
  host(4, "gone.example", GrantState::kRevoked);
  monitor.grants.put({.id = {5}, .state = GrantState::kApproved, .server = {9}, .name = "other.example"});
  monitor.grants.put({.id = {6},
                      .state = GrantState::kApproved,
                      .server = server_id,
                      .name = "c.example",
                      .port = 80,
                      .methods = 1,
                      .path = "/api",
                      .private_too = true});
  monitor.grants.put({.id = {7}, .kind = GrantKind::kModule, .state = GrantState::kApproved, .name = "yaml"});
  StoredSecret sealed{.id = {1}, .server = server_id, .key = "SEALED", .stored = "closed"};
  sealed.binding.host = "a.example";
  sealed.binding.port = 443;
  sealed.binding.name = "Authorization";
  sealed.binding.form = "Bearer {}";
  monitor.secrets.put(sealed);
  StoredSecret exposed{.id = {2}, .server = server_id, .key = "EXPOSED", .stored = "closed"};
  exposed.binding.mode = protocol::SecretMode::kExposed;
  monitor.secrets.put(exposed);
  monitor.secrets.put({.id = {3}, .server = server_id, .key = "EMPTY"});
  monitor.secrets.put({.id = {4}, .server = {9}, .key = "OTHER", .stored = "closed"});
  EXPECT_EQ(capabilities_of(monitor, tool()),
            "host a.example:443\n"
            "host b.example:443\n"
            "host c.example:80 (GET) /api, also at a private address\n"
            "module yaml\n"
            "secret EMPTY, without a value\n"
            "secret EXPOSED, exposed to the code\n"
            "secret SEALED, sealed for a.example:443, header Authorization: Bearer {}\n");
}

TEST_F(CapabilitiesTest, ThePolicyThatOpensEveryPublicHostIsOne) {
  monitor.policy.set(policy::Setting::kNetworkAccessPolicy, "allow_all_public");
  EXPECT_EQ(capabilities_of(monitor, tool()), "host any public one, any port\n");
}

TEST_F(CapabilitiesTest, WhatDoesNotFitIsCounted) {
  const std::string label(60, 'x');
  for (unsigned i = 0; i < 600; ++i) {
    const auto low = static_cast<unsigned char>(i);
    const auto high = static_cast<unsigned char>(i >> 8);
    monitor.grants.put({.id = {low, high},
                        .state = GrantState::kApproved,
                        .server = server_id,
                        .name = std::to_string(i) + label + ".example"});
  }
  const std::string text = capabilities_of(monitor, tool());
  EXPECT_LE(text.size(), policy::limits::kCapabilityBytes);
  EXPECT_TRUE(text.ends_with(" more\n")) << text.substr(text.size() - 80);
}

}  // namespace
}  // namespace mcpbox::monitor
