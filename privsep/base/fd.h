// A file descriptor with one owner.  Made close-on-exec by whoever opens it; closed exactly once.
#pragma once

#include <unistd.h>

#include <utility>

namespace mcpbox::base {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int raw) : raw_(raw) {}
  Fd(Fd&& other) noexcept : raw_(std::exchange(other.raw_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) reset(std::exchange(other.raw_, -1));
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  [[nodiscard]] int get() const { return raw_; }
  [[nodiscard]] explicit operator bool() const { return raw_ >= 0; }
  [[nodiscard]] int release() { return std::exchange(raw_, -1); }
  void reset(int raw = -1) {
    if (raw_ >= 0) ::close(raw_);
    raw_ = raw;
  }

 private:
  int raw_ = -1;
};

}  // namespace mcpbox::base
