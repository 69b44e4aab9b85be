// Zygotes and their call children as the monitor sees them, in the test's own loop: links that answer, and a
// sleeping process behind each pidfd.
#pragma once

#include <sys/prctl.h>

#include <deque>

#include "tests/privsep/monitor/fixture.h"

namespace mcpbox::monitor {

class FakeExecutor {
 public:
  // A process that only exists to be killed, and does not outlive a test that ends by a signal.
  class Sleeper {
   public:
    Sleeper() : pid_(::fork()) {
      if (pid_ == 0) sleep_until_killed(test_);
    }
    ~Sleeper() {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    Sleeper(const Sleeper&) = delete;
    Sleeper& operator=(const Sleeper&) = delete;
    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] base::Fd pidfd() const {
      return base::Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    }
    [[nodiscard]] bool dead() const {
      siginfo_t how{};
      return ::waitid(P_PID, static_cast<id_t>(pid_), &how, WEXITED | WNOHANG | WNOWAIT) == 0 &&
             how.si_pid == pid_;
    }

   private:
    [[noreturn]] static void sleep_until_killed(pid_t test) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != test) ::_exit(0);  // it died before it could be known
      ::close_range(3, ~0U, 0);             // else it keeps the sockets open that the test closes
      for (;;) ::pause();
    }

    pid_t test_ = ::getpid();
    pid_t pid_;
  };

  struct Child {
    std::uint64_t number = 0;
    bool touches = false;
    std::unique_ptr<loop::Link> link;
    std::unique_ptr<Sleeper> process;
    int wait_status = 0;  // told to the monitor when its link ends
  };
  struct Zygote {
    std::vector<std::string> packages;
    std::unique_ptr<loop::Link> link;
    std::unique_ptr<Sleeper> process;
    std::vector<std::unique_ptr<Child>> children;
    bool open = true;
  };

  FakeExecutor(loop::Loop& loop, FakeLauncher& launcher) : loop_(loop) {
    launcher.on_spawn = [this](protocol::Role role) { return spawn(role); };
  }
  FakeExecutor(const FakeExecutor&) = delete;
  FakeExecutor& operator=(const FakeExecutor&) = delete;

  std::string missing;                    // a package that "is not installed"
  bool silent = false;                    // new zygotes never say Hello
  bool forks = true;                      // zygotes answer when told to fork
  std::int64_t fork_pause_ms = 0;         // they answer one order after the other, each so late
  bool touching_ends = true;              // idle children say SpareReady
  std::vector<std::string> imports;       // what compiled code imports
  std::function<void()> before_prepared;  // while the code loads
  std::function<std::optional<protocol::Outcome>()> on_go;  // nullopt: hang up instead of answering
  std::function<void(Child&, const wire::Header&)>
      on_go_later;                               // instead of the above: answers when it wants
  std::vector<std::unique_ptr<Zygote>> zygotes;  // all that were ever started
  int compiled = 0;
  int prepared = 0;
  int went = 0;

  [[nodiscard]] std::size_t open_zygotes() const {
    return static_cast<std::size_t>(std::ranges::count_if(zygotes, [](const auto& z) { return z->open; }));
  }
  void answer(Child& child, const wire::Header& asked) {
    protocol::Outcome outcome{
        .end = protocol::CallEnd::kOk, .result = "{\"content\":[]}", .log_result = "ok"};
    child.link->reply(asked, outcome);
  }
  template <class Notice>
  static void notify(loop::Link& link, Notice notice) {
    EXPECT_TRUE(link.notify(notice).has_value());
  }

 private:
  base::Result<Spawned> spawn(protocol::Role role) {
    EXPECT_EQ(role, protocol::Role::kZygote);
    Pair pair = socket_pair(SOCK_STREAM);
    zygotes.push_back(std::make_unique<Zygote>());
    Zygote& zygote = *zygotes.back();
    zygote.process = std::make_unique<Sleeper>();
    zygote.link = std::make_unique<loop::Link>(
        loop_, std::move(pair.theirs), loop::LinkLimits{.max_payload = 1 << 20, .fds_in = wire::kMaxFds},
        [this, &zygote](wire::Frame frame) { on_order(zygote, std::move(frame)); },
        [&zygote](const base::Error& /*why*/) { zygote.open = false; });
    return Spawned{
        .link = std::move(pair.ours), .pidfd = zygote.process->pidfd(), .pid = zygote.process->pid()};
  }

  void on_order(Zygote& zygote, wire::Frame frame) {
    if (frame.header.op == static_cast<std::uint16_t>(protocol::Op::kForkSpare))
      return on_fork(zygote, std::move(frame));
    const base::Result<protocol::LoadPackages> order = wire::decode<protocol::LoadPackages>(frame);
    ASSERT_TRUE(order.has_value());
    zygote.packages = {order->packages.begin(), order->packages.end()};
    protocol::Loaded loaded;
    if (!missing.empty() && !zygote.packages.empty()) loaded.missing = std::string_view(missing);
    zygote.link->reply(frame.header, loaded);
    if (loaded.missing.empty() && !silent) tasks_.spawn(say_hello(zygote));
  }

  static loop::Task<> say_hello(Zygote& zygote) {
    protocol::Hello hello{.layers = policy::kZygoteLayers, .build = kVersion};
    const protocol::Settings settings = co_await zygote.link->ask(hello);
    static_cast<void>(settings);
    co_return loop::Nothing{};
  }

  void on_fork(Zygote& zygote, wire::Frame frame) {
    if (!forks) return;
    if (fork_pause_ms == 0) return fork(zygote, frame);
    orders_.emplace_back(&zygote, std::move(frame));
    if (orders_.size() == 1) next_order_.start(fork_pause_ms);
  }

  void fork_next() {
    auto [zygote, frame] = std::move(orders_.front());
    orders_.pop_front();
    fork(*zygote, frame);
    if (!orders_.empty()) next_order_.start(fork_pause_ms);
  }

  void fork(Zygote& zygote, wire::Frame& frame) {
    base::Result<protocol::ForkSpare> order = wire::decode<protocol::ForkSpare>(frame);
    ASSERT_TRUE(order.has_value());
    zygote.children.push_back(std::make_unique<Child>());
    Child& child = *zygote.children.back();
    child.number = order->spare;
    child.touches = order->touch_pages;
    child.process = std::make_unique<Sleeper>();
    protocol::Forked forked{.pidfd = child.process->pidfd(), .pid = child.process->pid()};
    zygote.link->reply(frame.header, forked);
    child.link = std::make_unique<loop::Link>(
        loop_, std::move(order->socket), loop::LinkLimits{.max_payload = 8u << 20},
        [this, &child](const wire::Frame& f) { on_job(child, f); },
        [&zygote, &child](const base::Error& /*why*/) {
          if (zygote.open)
            notify(*zygote.link,
                   protocol::SpareEnded{.spare = child.number, .wait_status = child.wait_status});
        });
    if (touching_ends || !child.touches) notify(*child.link, protocol::SpareReady{});
  }

  void on_job(Child& child, const wire::Frame& frame) {
    using protocol::Op;
    const Op op{frame.header.op};
    if (op == Op::kCompile) {
      ++compiled;
      protocol::Compiled answer{
          .report = {.valid = true, .has_main = true, .input_schema = "{}", .parameters = "[]"},
          .code = "marshalled"};
      for (const std::string& module : imports) answer.report.modules.emplace_back(module);
      return child.link->reply(frame.header, answer);
    }
    if (op == Op::kPrepare) {
      ++prepared;
      if (before_prepared) before_prepared();
      protocol::Done done;
      return child.link->reply(frame.header, done);
    }
    ++went;
    if (on_go_later) return on_go_later(child, frame.header);
    if (!on_go) return answer(child, frame.header);
    std::optional<protocol::Outcome> outcome = on_go();
    if (outcome)
      child.link->reply(frame.header, *outcome);
    else
      child.link->close({base::Why::kBroken, "the test hangs up"});
  }

  loop::Loop& loop_;
  std::deque<std::pair<Zygote*, wire::Frame>> orders_;  // while fork_pause_ms holds them
  loop::Timer next_order_{loop_, [this] { fork_next(); }};
  loop::TaskSet tasks_;
};

}  // namespace mcpbox::monitor
