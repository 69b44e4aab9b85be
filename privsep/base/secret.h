// Key bytes: in guarded memory of their own, readable only inside reveal(), zeroed at the end.  Not copyable,
// not printable, without ==.
#pragma once

#include <sodium.h>

#include <cstddef>
#include <span>
#include <utility>

#include "privsep/base/error.h"

namespace mcpbox::base {

template <std::size_t N>
class Secret {
 public:
  // Fills the secret through `fill(std::span<unsigned char, N>)`.  sodium_init() must have been called.
  static Secret make(auto&& fill) {
    Secret secret;
    secret.bytes_ = static_cast<unsigned char*>(sodium_malloc(N));
    if (secret.bytes_ == nullptr) PANIC("no guarded memory for a key");
    fill(std::span<unsigned char, N>(secret.bytes_, N));
    sodium_mprotect_noaccess(secret.bytes_);
    return secret;
  }
  Secret(Secret&& other) noexcept : bytes_(std::exchange(other.bytes_, nullptr)) {}
  Secret& operator=(Secret&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { sodium_free(bytes_); }

  // Calls `use(std::span<const unsigned char, N>)` and returns what it returns.
  auto reveal(auto&& use) const {
    struct Closed {
      unsigned char* bytes;
      explicit Closed(unsigned char* b) : bytes(b) { sodium_mprotect_readonly(bytes); }
      ~Closed() { sodium_mprotect_noaccess(bytes); }
    };
    const Closed open(bytes_);
    return use(std::span<const unsigned char, N>(bytes_, N));
  }

 private:
  Secret() = default;
  unsigned char* bytes_ = nullptr;
};

}  // namespace mcpbox::base
