// Runs in the monitor.  Keeps a hash: nothing that is written out by accident can contain the code.
#include "privsep/monitor/setup_code.h"

#include "policy/limits.h"
#include "privsep/monitor/ids.h"
#include "privsep/monitor/keys.h"

namespace mcpbox::monitor {
namespace {

namespace limits = policy::limits;

// Without the letters and digits that people mistake for each other; 32, so that five bits choose one.
constexpr std::string_view kSigns = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
static_assert(kSigns.size() == 32);
constexpr std::size_t kLength = 16;

wire::Digest hash_of(std::string_view typed) {
  std::string plain;
  for (const char c : typed)
    if (c != '-' && c != ' ') plain += c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return digest_of({"mcpbox-setup-code-v1", plain});
}

}  // namespace

std::string SetupCode::make(std::int64_t now_ms) {
  std::string code;
  const wire::Digest random = digest_of({view_of(random_id()), view_of(random_id())});
  for (std::size_t i = 0; i < kLength; ++i) {
    if (i != 0 && i % 4 == 0) code += '-';
    code += kSigns[random[i] % kSigns.size()];
  }
  hash_ = hash_of(code);
  until_ms_ = now_ms + limits::kSetupCodeMs;
  tries_left_ = limits::kSetupCodeTries;
  return code;
}

bool SetupCode::fits(std::string_view code, std::int64_t now_ms) {
  if (tries_left_ == 0 || now_ms >= until_ms_) return false;
  --tries_left_;
  return Keys::same(hash_of(code), hash_);
}

}  // namespace mcpbox::monitor
