// Runs in [dial], and the one function look_up() in a process forked from it.  Trusts no name server; what a
// helper writes is a status and so many addresses, of fixed size.
#include "egress/dialer/resolve.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>
#include <utility>

#include "policy/limits.h"

namespace mcpbox::dialer {

namespace limits = policy::limits;
using base::Why;

namespace {

struct Answer {
  std::int32_t status = 0;  // of getaddrinfo()
  std::uint32_t count = 0;
  std::array<policy::Address, limits::kAddressesPerName> addresses;
};

std::optional<policy::Address> address_of(const sockaddr* raw) {
  policy::Address address;
  if (raw->sa_family == AF_INET) {
    std::memcpy(address.bytes.data(), &reinterpret_cast<const sockaddr_in*>(raw)->sin_addr, 4);
    return address;
  }
  if (raw->sa_family != AF_INET6) return std::nullopt;
  address.v6 = true;
  std::memcpy(address.bytes.data(), &reinterpret_cast<const sockaddr_in6*>(raw)->sin6_addr, 16);
  return address;
}

[[noreturn]] void look_up(const std::string& name, int out) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  Answer answer;
  answer.status = ::getaddrinfo(name.c_str(), nullptr, &wanted, &found);
  for (const addrinfo* one = found; one != nullptr && answer.count < answer.addresses.size();
       one = one->ai_next)
    if (const std::optional<policy::Address> address = address_of(one->ai_addr))
      answer.addresses.at(answer.count++) = *address;
  const ssize_t sent = ::write(out, &answer, sizeof answer);
  ::_exit(sent == static_cast<ssize_t>(sizeof answer) ? 0 : 1);
}

base::Error error_of(int status) {
  switch (status) {
    case EAI_NONAME:
    case EAI_NODATA:
      return {Why::kNotFound, "the name does not exist"};
    case EAI_AGAIN:
      return {Why::kNotFound, "no name server answered"};
    default:
      return {Why::kNotFound, "the name could not be looked up"};
  }
}

}  // namespace

void load_name_services() {
  std::ifstream file("/etc/nsswitch.conf");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string word;
    words >> word;
    if (word != "hosts:") continue;
    while (words >> word)
      if (word.find_first_of("[]=#/") == std::string::npos)
        static_cast<void>(
            ::dlopen(("libnss_" + word + ".so.2").c_str(), RTLD_NOW));  // built in, or not there
  }
}

// One process.  Killed and reaped when this goes, whatever it was doing.
struct Resolver::Helper {
  pid_t pid = -1;
  base::Fd from;
  Helper() = default;
  Helper(const Helper&) = delete;
  Helper& operator=(const Helper&) = delete;
  ~Helper() {
    if (pid <= 0) return;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
};

// One of the places for helpers.  Whoever leaves it, or is gone before taking it, makes room for the next.
class Resolver::Place {
 public:
  Place(Resolver& of, const wire::Id& call) : of_(of), alive_(of.alive_), call_(call) {
    ++of_.running_;
    ++of_.of_call_[call_];
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    if (!*alive_) return;
    --of_.running_;
    if (--of_.of_call_[call_] == 0) of_.of_call_.erase(call_);
    of_.give_places();
  }

 private:
  Resolver& of_;
  std::shared_ptr<bool> alive_;
  wire::Id call_;
};

// Somebody who waits for a place; in the list until it has one or is gone.
class Resolver::Turn {
 public:
  using Given = std::shared_ptr<Place>;
  Turn(Resolver& of, const wire::Id& whose) : call(whose), of_(of) { of_.waiting_.push_back(this); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() { std::erase(of_.waiting_, this); }
  const wire::Id call;
  loop::Later<Given> place;

 private:
  Resolver& of_;
};

Resolver::~Resolver() { *alive_ = false; }

std::size_t Resolver::running_of(const wire::Id& call) const {
  const auto found = of_call_.find(call);
  return found == of_call_.end() ? 0 : found->second;
}

void Resolver::give_places() {
  while (running_ < limits::kResolvers && !waiting_.empty()) {
    const auto next =
        std::ranges::min_element(waiting_, {}, [this](const Turn* turn) { return running_of(turn->call); });
    if (running_of((*next)->call) >= kOfOneCall) return;
    Turn& turn = **next;
    waiting_.erase(next);
    auto given = std::make_shared<Place>(*this, turn.call);
    loop_.soon([place = turn.place, given = std::move(given)]() mutable { place.resolve(std::move(given)); });
  }
}

loop::Task<Addresses> Resolver::resolve(wire::Id call, std::string name, std::int64_t patience_ms) {
  Turn turn(*this, call);
  loop::Timer patience(loop_, [place = turn.place]() mutable {
    place.resolve(base::fail(Why::kTimeout, "too many names are being looked up: try again"));
  });
  patience.start(patience_ms);
  give_places();
  const base::Result<Turn::Given> place = co_await turn.place.result();
  if (!place) co_return std::unexpected(place.error());
  patience.stop();
  base::Result<Addresses> found = co_await loop::attempt(run(name, patience_ms));
  co_return found;
}

loop::Task<Addresses> Resolver::run(const std::string& name, std::int64_t patience_ms) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) co_return base::fail_errno("no pipe for a name");
  Helper helper;
  helper.from.reset(ends[0]);
  base::Fd to(ends[1]);
  helper.pid = ::fork();
  if (helper.pid == 0) look_up(name, to.get());
  if (helper.pid < 0) co_return base::fail_errno("a name could not be looked up: no process for it");
  to.reset();
  loop::Later<loop::Nothing> ready;
  loop::Watch readable(loop_, helper.from.get(), loop::Ready::kRead,
                       [ready]() mutable { ready.resolve(loop::Nothing{}); });
  loop::Timer patience(loop_, [ready]() mutable {
    ready.resolve(base::fail(Why::kNotFound, "no name server answered in time"));
  });
  readable.enable();
  patience.start(patience_ms);
  const base::Result<loop::Nothing> came = co_await ready.result();
  if (!came) co_return std::unexpected(came.error());
  // One write of less than PIPE_BUF: all of it is there, or the helper died.
  Answer answer;
  const ssize_t got = ::read(helper.from.get(), &answer, sizeof answer);
  if (got != static_cast<ssize_t>(sizeof answer) || answer.count > answer.addresses.size())
    co_return base::fail(Why::kBroken, "the name could not be looked up");
  if (answer.status != 0) co_return std::unexpected(error_of(answer.status));
  Addresses addresses(answer.addresses.begin(), answer.addresses.begin() + answer.count);
  co_return addresses;
}

}  // namespace mcpbox::dialer
