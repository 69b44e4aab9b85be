// Mirrors privsep/monitor/peer_owner.cc, its Unix socket: tests/system has the rest.
#include "privsep/monitor/peer_owner.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace mcpbox::monitor {
namespace {

// A connection to a listener of this name, as a gateway has accepted it.
class UnixPeer : public testing::Test {
 public:
  std::string folder;
  base::Fd listener, client;
  wire::MonitorSettings settings{};
  UnixPeer() {
    std::string name = testing::TempDir() + "peerXXXXXX";
    folder = ::mkdtemp(name.data());
  }
  ~UnixPeer() override { std::filesystem::remove_all(folder); }

  base::Fd accepted(const char* file) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::snprintf(name.sun_path, sizeof name.sun_path, "%s/%s", folder.c_str(), file);
    const auto* address = reinterpret_cast<const sockaddr*>(&name);
    listener.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    client.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::bind(listener.get(), address, sizeof name), 0);
    EXPECT_EQ(::listen(listener.get(), 1), 0);
    EXPECT_EQ(::connect(client.get(), address, sizeof name), 0);
    return base::Fd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  }
  base::Result<std::uint32_t> owner_of(const base::Fd& connection) {
    const base::Result<PeerOwner> owner = PeerOwner::open();
    return owner->uid_of(connection.get(), settings);
  }
};

TEST_F(UnixPeer, WhoConnectedToTheMcpSocketIsNamedByTheKernel) {
  const base::Result<std::uint32_t> uid = owner_of(accepted("mcp.sock"));
  ASSERT_TRUE(uid) << uid.error().text;
  EXPECT_EQ(*uid, ::geteuid());
}

TEST_F(UnixPeer, WhoHasLeftIsStillWhoTheyWere) {
  const base::Fd connection = accepted("mcp.sock");
  client.reset();
  EXPECT_EQ(owner_of(connection).value_or(~0U), ::geteuid());
}

// A stolen gateway's own link would make it the launcher, which is root.
TEST_F(UnixPeer, NoOtherUnixSocketNamesAnybody) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const base::Fd one(ends[0]);
  const base::Fd other(ends[1]);
  EXPECT_FALSE(owner_of(one));
  EXPECT_FALSE(owner_of(accepted("control.sock")));
  EXPECT_FALSE(owner_of(accepted("not-mcp.sock")));
  EXPECT_FALSE(owner_of(accepted("mcp.sock.bak")));
}

// The abstract name space is anybody's to bind in.
TEST_F(UnixPeer, AnAbstractNameIsNoName) {
  const std::string abstract = std::string(1, '\0') + folder + "/mcp.sock";
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  abstract.copy(name.sun_path, sizeof name.sun_path);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + abstract.size());
  const base::Fd server(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const base::Fd caller(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::bind(server.get(), reinterpret_cast<const sockaddr*>(&name), size), 0);
  ASSERT_EQ(::listen(server.get(), 1), 0);
  ASSERT_EQ(::connect(caller.get(), reinterpret_cast<const sockaddr*>(&name), size), 0);
  const base::Fd connection(::accept4(server.get(), nullptr, nullptr, SOCK_CLOEXEC));
  EXPECT_FALSE(owner_of(connection));
}

}  // namespace
}  // namespace mcpbox::monitor
