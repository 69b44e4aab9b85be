// Mirrors privsep/launcher/activation.cc, notify.cc, and what listeners.cc makes of the first.
#include "privsep/launcher/activation.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <functional>

#include "privsep/launcher/listeners.h"
#include "privsep/launcher/notify.h"

namespace mcpbox::launcher {
namespace {

constexpr int kParked = 100;

enum class Made : unsigned char { kListens, kBound };

base::Fd tcp_socket(const char* address, Made made = Made::kListens) {
  base::Fd one(socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in name{};
  name.sin_family = AF_INET;
  inet_pton(AF_INET, address, &name.sin_addr);
  EXPECT_EQ(bind(one.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
  if (made == Made::kListens) {
    EXPECT_EQ(listen(one.get(), 1), 0);
  }
  return one;
}

std::string port_of(const base::Fd& one) {
  sockaddr_in name{};
  socklen_t size = sizeof name;
  getsockname(one.get(), reinterpret_cast<sockaddr*>(&name), &size);
  return std::to_string(ntohs(name.sin_port));
}

// What a process says that is started with these descriptors from 3 on.
std::string as_started_with(const std::vector<int>& descriptors, const std::function<std::string()>& said,
                            const char* listen_fds = nullptr, pid_t listen_pid = 0) {
  std::array<int, 2> ends{};
  EXPECT_EQ(pipe(ends.data()), 0);
  const pid_t pid = fork();
  if (pid == 0) {
    int at = kParked;
    for (const int one : descriptors) dup2(one, at++);
    dup2(ends[1], at);
    for (std::size_t i = 0; i < descriptors.size(); ++i)
      dup2(kParked + static_cast<int>(i), 3 + static_cast<int>(i));
    const std::string count = std::to_string(descriptors.size());
    setenv("LISTEN_FDS", listen_fds == nullptr ? count.c_str() : listen_fds, 1);
    setenv("LISTEN_PID", std::to_string(listen_pid == 0 ? getpid() : listen_pid).c_str(), 1);
    const std::string text = said();
    const ssize_t written = write(at, text.data(), text.size());
    _exit(written == static_cast<ssize_t>(text.size()) ? 0 : 1);
  }
  close(ends[1]);
  std::string text(4096, '\0');
  const ssize_t length = read(ends[0], text.data(), text.size());
  text.resize(length > 0 ? static_cast<std::size_t>(length) : 0);
  close(ends[0]);
  int status = -1;
  waitpid(pid, &status, 0);
  EXPECT_EQ(status, 0);
  return text;
}

std::string taken() {
  const Outcome<std::vector<Inherited>> all = take_inherited();
  if (!all) return all.error();
  std::string text = std::to_string(all->size());
  for (const Inherited& one : *all) {
    const bool careful = (fcntl(one.socket.get(), F_GETFD) & FD_CLOEXEC) != 0 &&
                         (fcntl(one.socket.get(), F_GETFL) & O_NONBLOCK) != 0;
    text += " " + one.endpoint.text + (careful ? "" : " careless");
  }
  return text;
}

TEST(Inherited, SocketsThatListenOnALoopbackAddressAreTaken) {
  const base::Fd a = tcp_socket("127.0.0.1"), b = tcp_socket("127.0.0.2");
  EXPECT_EQ(as_started_with({a.get(), b.get()}, taken),
            "2 127.0.0.1:" + port_of(a) + " 127.0.0.2:" + port_of(b));
  EXPECT_EQ(as_started_with({}, taken), "0");
}

TEST(Inherited, ThoseForAnotherProcessAreNotOurs) {
  const base::Fd a = tcp_socket("127.0.0.1");
  EXPECT_EQ(as_started_with({a.get()}, taken, nullptr, getpid()), "0");
}

TEST(Inherited, AnythingElseStopsTheStart) {
  const base::Fd everywhere = tcp_socket("0.0.0.0"), idle = tcp_socket("127.0.0.1", Made::kBound);
  const base::Fd file(open("/dev/null", O_RDONLY));
  EXPECT_NE(as_started_with({everywhere.get()}, taken).find("only loopback addresses"), std::string::npos);
  EXPECT_NE(as_started_with({idle.get()}, taken).find("no listening socket"), std::string::npos);
  EXPECT_NE(as_started_with({file.get()}, taken).find("no listening socket"), std::string::npos);
  for (const char* count : {"-1", "9", "1000000"})
    EXPECT_NE(as_started_with({}, taken, count).find("LISTEN_FDS"), std::string::npos) << count;
}

TEST(Inherited, OnesThatTheConfigurationNamesAreUsedAndOthersAreAnError) {
  const base::Fd one = tcp_socket("127.0.0.1");
  const auto listening_on = [&one](const std::string& endpoint) {
    return as_started_with({one.get()}, [&endpoint] {
      Config config;
      config.listen = {parse_endpoint(endpoint).value()};
      Outcome<std::vector<Inherited>> inherited = take_inherited();
      if (!inherited) return inherited.error();
      const Outcome<OpenListeners> open = open_listeners(config, std::move(*inherited));
      return open ? open->names.front() + " " + std::to_string(open->sockets.front().get()) : open.error();
    });
  };
  EXPECT_EQ(listening_on("127.0.0.1:" + port_of(one)), "127.0.0.1:" + port_of(one) + " 3");
  const base::Fd other = tcp_socket("127.0.0.1");
  const std::string free_port = port_of(other);
  EXPECT_NE(listening_on("127.0.0.3:" + free_port).find("`listen` does not name it"), std::string::npos);
}

TEST(Notify, SaysWhatItIsToldToWhoeverAsked) {
  const base::Fd manager(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0));
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  ASSERT_EQ(bind(manager.get(), reinterpret_cast<const sockaddr*>(&name), sizeof(sa_family_t)), 0);
  socklen_t size = sizeof name;
  ASSERT_EQ(getsockname(manager.get(), reinterpret_cast<sockaddr*>(&name), &size), 0);
  const std::string abstract(name.sun_path + 1, size - sizeof(sa_family_t) - 1);
  setenv("NOTIFY_SOCKET", ("@" + abstract).c_str(), 1);
  Notify::from_environment().tell("READY=1");
  std::array<char, 64> text{};
  ASSERT_EQ(recv(manager.get(), text.data(), text.size(), 0), 7);
  EXPECT_STREQ(text.data(), "READY=1");
}

TEST(Notify, WithoutAnybodyWhoAskedNothingIsSaid) {
  for (const char* nobody : {"", "@", "x", "/nonexistent/notify", "relative/path"}) {
    setenv("NOTIFY_SOCKET", nobody, 1);
    Notify::from_environment().tell("READY=1");
  }
  unsetenv("NOTIFY_SOCKET");
  Notify::from_environment().tell("READY=1");
}

}  // namespace
}  // namespace mcpbox::launcher
