// Runs in [zygote] before its jail.  Trusts the monitor, and still takes no name that could be a path.
#include "executor/first_order.h"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "policy/modules.h"
#include "policy/names.h"
#include "privsep/protocol/messages_zygote.h"
#include "privsep/protocol/orders.h"
#include "privsep/wire/blocking.h"

namespace mcpbox::executor {
namespace {

using base::fail;
using base::Result;
using base::Why;
using protocol::Op;
using wire::Frame;
using wire::FrameKind;

constexpr std::size_t kMaxOrder = protocol::Orders::max_request_bytes(protocol::Role::kZygote);

}  // namespace

Result<FirstOrder> take_first_order(int link) {
  Result<Frame> frame = wire::read_frame(link, kMaxOrder);
  if (!frame) return std::unexpected(frame.error());
  if (frame->header.kind != FrameKind::kRequest ||
      frame->header.op != static_cast<std::uint16_t>(Op::kLoadPackages))
    return fail(Why::kInvalid, "zygote: the first order is not the packages");
  const Result<protocol::LoadPackages> order = wire::decode<protocol::LoadPackages>(*frame);
  if (!order) return std::unexpected(order.error());
  if (!std::ranges::all_of(order->packages, policy::is_module_name))
    return fail(Why::kInvalid, "zygote: a package without a module's name");
  return FirstOrder{.serial = frame->header.serial,
                    .packages = {order->packages.begin(), order->packages.end()}};
}

std::optional<std::string> missing_package(const FirstOrder& order, const char* folder) {
  const auto installed = [folder](const std::string& name) {
    if (policy::is_standard_library(name)) return true;
    const std::string base = std::string(folder) + "/" + name;
    return ::access((base + "/__init__.py").c_str(), R_OK) == 0 ||
           ::access((base + ".py").c_str(), R_OK) == 0;
  };
  const auto missing = std::ranges::find_if_not(order.packages, installed);
  if (missing == order.packages.end()) return std::nullopt;
  return *missing;
}

Result<void> answer_first_order(int link, const FirstOrder& order,
                                const std::optional<std::string>& missing) {
  protocol::Loaded loaded;
  if (missing) loaded.missing = std::string_view(*missing);
  return wire::write_message(link, FrameKind::kReply, static_cast<std::uint16_t>(Op::kLoadPackages),
                             order.serial, loaded);
}

}  // namespace mcpbox::executor
