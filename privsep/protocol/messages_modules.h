// What tools may import now.
#pragma once

#include "privsep/protocol/messages_common.h"

namespace mcpbox::protocol {

struct ModuleInfo {
  Text<limits::kModulePathBytes> name;
  bool by_default = false;
  bool installed = true;
  static auto fields(auto& m) { return std::tie(m.name, m.by_default, m.installed); }
};

struct ModulePage {
  List<ModuleInfo, limits::kPageMax> modules;
  std::uint32_t total = 0;
  bool custom = false;  // more than the default ones
  static auto fields(auto& m) { return std::tie(m.modules, m.total, m.custom); }
};

// Ordered by name.
struct ListModules {
  static constexpr Op kOp = Op::kListModules;
  using Reply = ModulePage;
  Id ticket{};
  std::uint32_t page = 1;
  std::uint32_t page_size = limits::kPageDefault;
  static auto fields(auto& m) { return std::tie(m.ticket, m.page, m.page_size); }
};

}  // namespace mcpbox::protocol
