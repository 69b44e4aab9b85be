// Runs in [attack]; rehearsed() in [zygote].  Trusts the monitor's one order, and nothing that it meets in
// its jail.
#include "executor/attack/attack.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <ctime>

#include "policy/rlimits.h"
#include "privsep/base/clock.h"
#include "privsep/base/log.h"
#include "privsep/jail/child_arguments.h"
#include "privsep/jail/descriptors.h"
#include "privsep/jail/jail.h"
#include "privsep/jail/title.h"
#include "privsep/protocol/orders.h"
#include "privsep/wire/blocking.h"
#include "privsep/wire/spawn.h"

namespace mcpbox::attack {
namespace {

using base::Result;

constexpr std::size_t kMaxOrder = protocol::Orders::max_request_bytes(protocol::Role::kAttack);

Runner call_runner(const jail::CallJail& calls) {
  return Runner([&calls](int socket, int egress) {
    calls.enter(socket, egress);
    return jail::kCallLinkFd;
  });
}

void add(protocol::AttackReport& report, const Outcome& outcome) {
  report.attempts += outcome.attempts;
  report.holes += static_cast<std::uint32_t>(outcome.holes.size());
  for (const Hole& hole : outcome.holes)
    if (report.first.size() < decltype(report.first)::kMax)
      report.first.push_back({.name = std::string_view(hole.name).substr(0, 128),
                              .expected = std::string_view(hole.expected).substr(0, 64),
                              .found = std::string_view(hole.found).substr(0, 64)});
}

Result<void> answer_one(int link, const jail::CallJail& calls, policy::Layers layers) {
  Result<wire::Frame> asked = wire::read_frame(link, kMaxOrder);
  if (!asked) return std::unexpected(asked.error());
  if (asked->header.kind != wire::FrameKind::kRequest ||
      asked->header.op != static_cast<std::uint16_t>(protocol::Op::kAttack))
    return base::fail(base::Why::kInvalid, "an order that is none of this process");
  const Result<protocol::Attack> order = wire::decode<protocol::Attack>(*asked);
  if (!order) return std::unexpected(order.error());
  Result<protocol::AttackReport> report =
      attack_jail(calls, layers, order->long_corpus ? Corpus::kLong : Corpus::kShort);
  if (!report) return std::unexpected(report.error());
  return wire::write_message(link, wire::FrameKind::kReply, asked->header.op, asked->header.serial, *report);
}

int refuse(const base::Log& log, const base::Error& why, int status) {
  log.error("not attacking", why);
  return status;
}

}  // namespace

Result<protocol::AttackReport> attack_jail(const jail::CallJail& calls, policy::Layers layers,
                                           Corpus corpus) {
  const base::SystemClock clock;
  const std::int64_t began = clock.steady_ms();
  protocol::AttackReport report{.layers = layers};
  const Result<Outcome> on_calls = call_runner(calls).run(against_call_jail(corpus));
  if (!on_calls) return std::unexpected(on_calls.error());
  add(report, *on_calls);
  if (policy::contains(layers, policy::Layer::kSeccomp)) {
    const Result<Outcome> on_zygote =
        Runner([](int socket, int /*egress*/) { return socket; }).run(against_zygote_jail());
    if (!on_zygote) return std::unexpected(on_zygote.error());
    add(report, *on_zygote);
  }
  report.elapsed_ms = static_cast<std::uint32_t>(clock.steady_ms() - began);
  return report;
}

Result<policy::Layers> rehearsed(const jail::CallJail& calls, Result<policy::Layers> entered) {
  if (!entered) return entered;
  const Result<Outcome> outcome = call_runner(calls).run(rehearsal());
  if (!outcome) return std::unexpected(outcome.error());
  if (outcome->holes.empty()) return entered;
  const Hole& first = outcome->holes.front();
  base::Log("zygote").error("its calls would not be jailed", {{"attempt", first.name},
                                                              {"expected", first.expected},
                                                              {"found", first.found},
                                                              {"holes", outcome->holes.size()}});
  return base::fail(base::Why::kBroken, "the jail of the calls has a hole");
}

int run(int argc, char** argv) {
  const base::Log log("attack");
  const Result<jail::ChildArguments> arguments = jail::child_arguments(argc, argv, "attack");
  if (!arguments) return refuse(log, arguments.error(), EXIT_FAILURE);
  jail::set_title(argc, argv, "mcpbox: [attack]");
  std::signal(SIGPIPE, SIG_IGN);
  const Result<jail::CallJail> calls = jail::CallJail::prepare(policy::kCallLimits, arguments->allow_missing);
  if (!calls) return refuse(log, calls.error(), jail::kExitNotJailed);
  const auto keep = jail::those_that_exist({0, 1, 2, wire::kChildLinkFd, calls->ruleset_fd()});
  const Result<policy::Layers> layers = jail::enter(jail::jail_for_zygote(arguments->allow_missing, keep));
  if (!layers) return refuse(log, layers.error(), jail::kExitNotJailed);

  const Result<void> answered = answer_one(wire::kChildLinkFd, *calls, *layers);
  if (answered || answered.error().why == base::Why::kCancelled) return EXIT_SUCCESS;
  return refuse(log, answered.error(), EXIT_FAILURE);
}

}  // namespace mcpbox::attack
