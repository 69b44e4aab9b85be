// Mirrors privsep/monitor/memory_watch.cc, and the looks of launcher_link.cc.
#include "privsep/monitor/memory_watch.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "tests/privsep/monitor/fixture.h"

namespace mcpbox::monitor {
namespace {

using policy::limits::kMemoryBytes;
using policy::limits::kMiB;
using policy::limits::kWaitingSpareBytes;

const auto kPage = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));

std::string stat_text(std::string_view name, std::uint64_t faults, std::uint64_t resident) {
  return "4711 (" + std::string(name) + ") S 1 2 3 0 -1 4194560 " + std::to_string(faults) +
         " 0 7 0 1 2 0 0 20 0 1 0 99 123456 " + std::to_string(resident) + " 18446744073709551615 1 1 0 0\n";
}

TEST(MemoryHeld, IsWhatItGotByFaultsOrWhatIsThereWhicheverIsLess) {
  EXPECT_EQ(memory_held(stat_text("x", 100, 5000)), 107 * kPage)
      << "pages that it shares with its zygote are there too";
  EXPECT_EQ(memory_held(stat_text("x", 900'000, 5000)), 5000 * kPage) << "it gave most of what it got back";
}

TEST(MemoryHeld, ANameDoesNotShiftTheFields) {
  for (const char* name : {"mcpbox: [call]", ") S 1 1 1 1 1 1 0 0 0", "a b c", ""})
    EXPECT_EQ(memory_held(stat_text(name, 100, 5000)), 107 * kPage) << name;
}

TEST(MemoryHeld, TextThatIsNotTheKernelsSaysNothing) {
  const std::string whole = stat_text("x", 100, 5000);
  for (const std::string& text :
       {std::string(), std::string("4711 (x"), whole.substr(0, 40),
        std::string("1 (x) S a b c d e f g h i j k"), "4711 (x) S " + std::string(500, ' ')})
    EXPECT_EQ(memory_held(text), std::nullopt) << text;
}

// This very process: what it allocates and writes to shows at once, and what it gives back is gone.
TEST(MemoryHeld, FollowsWhatTheKernelGivesAndTakes) {
  const base::Fd stat(::open("/proc/self/stat", O_RDONLY | O_CLOEXEC));
  const auto held = [&stat] {
    std::array<char, 1024> text{};
    const ssize_t length = ::pread(stat.get(), text.data(), text.size(), 0);
    return memory_held({text.data(), static_cast<std::size_t>(length)}).value_or(0);
  };
  const std::uint64_t before = held();
  constexpr std::size_t kBytes = 64 * kMiB;
  void* const memory = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  ::madvise(memory, kBytes, MADV_NOHUGEPAGE);
  EXPECT_LT(held(), before + 8 * kMiB) << "nothing was written yet";
  std::memset(memory, 1, kBytes);
  EXPECT_GE(held(), std::min<std::uint64_t>(before + kBytes - 8 * kMiB, kBytes));
  ::munmap(memory, kBytes);
  EXPECT_LT(held(), before + 32 * kMiB);
}

class MemoryWatchTest : public ::testing::Test {
 public:
  struct Process {
    base::Fd file{::memfd_create("stat", MFD_CLOEXEC)};
    Slots::TurnPointer turn;
    void holds(std::uint64_t bytes) const {
      const std::string text = stat_text("call", bytes / kPage, 1'000'000);
      EXPECT_EQ(::ftruncate(file.get(), 0), 0);
      EXPECT_EQ(::pwrite(file.get(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    }
  };
  // Begins with full room.
  Process& begins(char name, const wire::Id& server) {
    Process& process = processes[name];
    tasks.spawn([](Process& one, Slots::Place in) -> loop::Task<> {
      base::Result<Slots::TurnPointer> turn = co_await in.result();
      if (turn) one.turn = std::move(*turn);
      co_return loop::Nothing{};
    }(process, slots.enqueue(server)));
    EXPECT_NE(process.turn, nullptr) << "no room for " << name;
    return process;
  }
  // The same; from then on it waits.
  Process& waits(char name, std::uint64_t bytes) {
    Process& process = begins(name, {1});
    process.turn->yield();
    process.holds(bytes);
    watch.add(process.turn, base::Fd(::fcntl(process.file.get(), F_DUPFD_CLOEXEC, 0)),
              [this, name] { ended += name; });
    look();
    return process;
  }
  // Until at least one more look is over.
  void look() {
    loop::Timer enough(event_loop, [this] { event_loop.stop(); });
    enough.start(30);
    event_loop.run();
  }

  loop::Loop event_loop;
  Slots slots{event_loop, {.slots = 9, .memory_bytes = 4 * kMemoryBytes}, 3'600'000};
  std::map<char, Process> processes;
  std::string ended;
  loop::TaskSet tasks;
  MemoryWatch watch{event_loop, slots, 1};
};

TEST_F(MemoryWatchTest, AWaitingCallsRoomIsWhatItHoldsAndALittleMore) {
  const Process& process = waits('a', 10 * kMiB);
  EXPECT_EQ(process.turn->room(), 10 * kMiB + 7 * kPage + kWaitingSpareBytes);
  EXPECT_EQ(slots.memory_used(), process.turn->room());
  process.holds(50 * kMiB);
  look();
  EXPECT_EQ(slots.memory_used(), 50 * kMiB + 7 * kPage + kWaitingSpareBytes) << "what it takes is counted";
  process.holds(5 * kMiB);
  look();
  EXPECT_EQ(slots.memory_used(), 5 * kMiB + 7 * kPage + kWaitingSpareBytes) << "what it gives back, too";
  process.holds(kMemoryBytes);
  look();
  EXPECT_EQ(slots.memory_used(), kMemoryBytes) << "its own limit is the most";
  EXPECT_EQ(ended, "");
}

TEST_F(MemoryWatchTest, TwoHundredThatWaitLeaveRoomForOneThatComputes) {
  for (int i = 0; i < 100; ++i) waits(static_cast<char>(i), kMiB);
  EXPECT_FALSE(slots.out_of_memory());
  EXPECT_EQ(watch.size(), 100u);
  processes.clear();
  look();
  EXPECT_EQ(watch.size(), 0u) << "turns that are over are looked at no more";
  EXPECT_EQ(slots.memory_used(), 0u);
}

TEST_F(MemoryWatchTest, WhoeverTakesMoreThanIsLeftIsEndedAndNobodyElse) {
  waits('h', 200 * kMiB);  // honest: holds what it held when it first waited
  for (const char liar : {'x', 'y', 'z'}) waits(liar, kMiB);
  const Slots::TurnPointer computing = begins('c', {2}).turn;
  ASSERT_NE(computing, nullptr);
  EXPECT_EQ(computing->room(), kMemoryBytes) << "it never waited: all that its limit allows";
  processes['x'].holds(250 * kMiB);
  look();
  EXPECT_EQ(ended, "") << "there was room for that";
  processes['y'].holds(240 * kMiB);
  processes['z'].holds(200 * kMiB);
  look();
  EXPECT_EQ(ended, "x") << "who has grown most goes first, and what it held is enough for the others";
  look();
  EXPECT_EQ(ended, "x") << "it is told once, and its memory counts as given back";
  processes.erase('x');
  look();
  EXPECT_LE(slots.memory_used(), slots.counts().memory_bytes);
}

TEST_F(MemoryWatchTest, AllLiarsGoWhenOneIsNotEnough) {
  for (const char liar : {'1', '2', '3', '4', '5', '6', '7', '8'}) waits(liar, kMiB);
  for (const char liar : {'1', '2', '3', '4', '5', '6', '7', '8'}) processes[liar].holds(250 * kMiB);
  look();
  EXPECT_EQ(ended.size(), 4u) << ended;
  EXPECT_EQ(std::set<char>(ended.begin(), ended.end()).size(), ended.size()) << ended;
}

TEST_F(MemoryWatchTest, WithoutAWordOfTheKernelTheRoomStays) {
  Process& process = waits('a', 10 * kMiB);
  const std::uint64_t room = process.turn->room();
  EXPECT_EQ(::ftruncate(process.file.get(), 0), 0);
  look();
  EXPECT_EQ(process.turn->room(), room) << "the process is gone, or its file is something else";
}

// --- the question to the launcher

class LooksTest : public ::testing::Test {
 public:
  void ask() {
    tasks.spawn([](LooksTest& self) -> loop::Task<> {
      base::Fd any(::open("/dev/null", O_RDONLY | O_CLOEXEC));
      const base::Result<base::Fd> stat = co_await loop::attempt(self.link.look_into(std::move(any)));
      self.answers += stat ? 'y' : 'n';
      co_return loop::Nothing{};
    }(*this));
  }
  std::optional<wire::LauncherRequest> asked() {
    wire::LauncherRequest request{};
    std::vector<base::Fd> fds;
    const auto got = wire::receive_some(
        pair.theirs.get(), {reinterpret_cast<unsigned char*>(&request), sizeof request}, wire::kMaxFds, fds);
    if (!got || *got != sizeof request) return std::nullopt;
    EXPECT_EQ(fds.size(), 1u);
    return request;
  }
  void answer(wire::LauncherEventKind kind, std::uint32_t serial) {
    const wire::LauncherEvent event{.kind = kind, .serial = serial};
    std::vector<base::Fd> fds;
    if (kind == wire::LauncherEventKind::kLooked) fds.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const std::span<const unsigned char> bytes(reinterpret_cast<const unsigned char*>(&event), sizeof event);
    EXPECT_TRUE(wire::send_some(pair.theirs.get(), bytes, fds).has_value());
    loop::Timer soon(event_loop, [this] { event_loop.stop(); });
    soon.start(20);
    event_loop.run();
  }

  loop::Loop event_loop;
  Pair pair = socket_pair(SOCK_SEQPACKET | SOCK_NONBLOCK);
  LauncherLink link{event_loop, std::move(pair.ours), {.ended = {}, .stop = [] {}}};
  std::string answers;
  loop::TaskSet tasks;
};

TEST_F(LooksTest, OneQuestionIsOnItsWayHoweverManyAsk) {
  for (int i = 0; i < 3; ++i) ask();
  for (const wire::LauncherEventKind kind :
       {wire::LauncherEventKind::kLooked, wire::LauncherEventKind::kRefused,
        wire::LauncherEventKind::kLooked}) {
    const auto request = asked();
    ASSERT_TRUE(request.has_value());
    EXPECT_EQ(request->kind, wire::LauncherRequestKind::kLook);
    EXPECT_FALSE(asked().has_value()) << "the next one waits for this one's answer";
    answer(kind, request->serial);
  }
  EXPECT_EQ(answers, "yny");
  EXPECT_FALSE(asked().has_value());
}

}  // namespace
}  // namespace mcpbox::monitor
