// Pages for key bytes, one secret a page: closed (PROT_NONE) unless somebody is looking, between two pages
// that are always closed, never swapped, never in a core file, never in a forked child.  Made before the
// jail, which refuses the calls that make them.
#pragma once

#include <cstddef>
#include <vector>

#include "privsep/base/error.h"

namespace mcpbox::base {

enum class SecretForm : unsigned char {
  kLocked,  // required: mlock; the machine's root can still read it
  kSecret,  // better: memfd_secret; the kernel itself cannot read it for anybody
};

class SecretPages {
 public:
  // The better form where the kernel has it, else the required one.
  static Result<SecretPages> make(std::size_t count);
  // Exactly this form, looked at after it was made.
  //   errors  kBroken: the kernel has no such memory, or the limit on locked memory is below `count` pages
  static Result<SecretPages> make(std::size_t count, SecretForm form);

  SecretPages(SecretPages&& other) noexcept;
  SecretPages& operator=(SecretPages&& other) noexcept;
  SecretPages(const SecretPages&) = delete;
  SecretPages& operator=(const SecretPages&) = delete;
  ~SecretPages();

  [[nodiscard]] SecretForm form() const { return form_; }

  // A closed page that nobody has; a broken invariant when there is none left.
  [[nodiscard]] unsigned char* take();
  // Overwrites it first.
  void give_back(unsigned char* page);

  enum class Access : unsigned char { kClosed, kRead, kWrite };
  static void set_access(unsigned char* page, Access access);
  static std::size_t page_bytes();

 private:
  SecretPages() = default;
  Result<void> map(std::size_t count);
  Result<void> open_one(unsigned char* at);

  SecretForm form_ = SecretForm::kLocked;
  unsigned char* start_ =
      nullptr;  // count_ secrets, each with a closed page before it, and one after the last
  std::size_t count_ = 0;
  std::vector<unsigned char*> free_;
};

}  // namespace mcpbox::base
