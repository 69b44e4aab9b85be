// Key bytes: in a page of their own (secret_pages.h), readable only inside reveal(), overwritten at the end.
// Not copyable, not printable, without ==.
#pragma once

#include <cstddef>
#include <span>
#include <utility>

#include "privsep/base/secret_pages.h"

namespace mcpbox::base {

template <std::size_t N>
class Secret {
 public:
  // Fills the secret through `fill(std::span<unsigned char, N>)`.  The pages must outlive it and stay where
  // they are.
  static Secret make(SecretPages& pages, auto&& fill) {
    static_assert(N <= 4096, "one secret is one page");
    Secret secret(pages);
    SecretPages::set_access(secret.bytes_, SecretPages::Access::kWrite);
    fill(std::span<unsigned char, N>(secret.bytes_, N));
    SecretPages::set_access(secret.bytes_, SecretPages::Access::kClosed);
    return secret;
  }
  Secret(Secret&& other) noexcept : pages_(other.pages_), bytes_(std::exchange(other.bytes_, nullptr)) {}
  Secret& operator=(Secret&& other) noexcept {
    std::swap(pages_, other.pages_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() {
    if (bytes_ != nullptr) pages_->give_back(bytes_);
  }

  // Calls `use(std::span<const unsigned char, N>)` and returns what it returns.
  auto reveal(auto&& use) const {
    struct Closed {
      unsigned char* bytes;
      explicit Closed(unsigned char* b) : bytes(b) {
        SecretPages::set_access(bytes, SecretPages::Access::kRead);
      }
      ~Closed() { SecretPages::set_access(bytes, SecretPages::Access::kClosed); }
    };
    const Closed open(bytes_);
    return use(std::span<const unsigned char, N>(bytes_, N));
  }

 private:
  explicit Secret(SecretPages& pages) : pages_(&pages), bytes_(pages.take()) {}
  SecretPages* pages_;
  unsigned char* bytes_;
};

}  // namespace mcpbox::base
