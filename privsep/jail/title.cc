// Runs in every daemon.  Works on the process's own command line only.
#include "privsep/jail/title.h"

#include <sys/prctl.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace mcpbox::jail {
namespace {

constexpr std::size_t kShortNameBytes = 16;  // TASK_COMM_LEN, its zero included

void set_short_name(std::string_view text) noexcept {
  const std::size_t bracket = text.find('[');
  if (bracket != std::string_view::npos) text.remove_prefix(bracket);
  std::array<char, kShortNameBytes> name{};
  std::copy_n(text.begin(), std::min(text.size(), name.size() - 1), name.begin());
  ::prctl(PR_SET_NAME, name.data());
}

}  // namespace

// The strings of argv lie one after the other; the first gap ends what is ours to overwrite.
Title::Title(int argc, char** argv) {
  if (argc < 1 || argv[0] == nullptr) return;
  start_ = argv[0];
  char* end = start_;
  for (int i = 0; i < argc && argv[i] == end; ++i) end += std::strlen(argv[i]) + 1;
  room_ = static_cast<std::size_t>(end - start_);
}

void Title::set(std::string_view text) const noexcept {
  set_short_name(text);
  if (room_ == 0) return;
  const std::size_t shown = std::min(text.size(), room_ - 1);
  std::memcpy(start_, text.data(), shown);
  std::memset(start_ + shown, 0, room_ - shown);
}

}  // namespace mcpbox::jail
