// Run by the monitor before its jail.  Trusts the kernel's answers, and asks again.
#include "privsep/base/secret_pages.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstring>
#include <utility>

#include "privsep/base/fd.h"

namespace mcpbox::base {
namespace {

// Somebody who reads this process's memory through the kernel, as a debugger or root would.
bool is_readable_from_outside(unsigned char* page) {
  unsigned char byte = 0;
  const iovec into = {.iov_base = &byte, .iov_len = 1};
  const iovec from = {.iov_base = page, .iov_len = 1};
  return ::process_vm_readv(::getpid(), &into, 1, &from, 1, 0) == 1;
}

Result<void> map_secret(unsigned char* at, std::size_t bytes) {
  const Fd memory(static_cast<int>(::syscall(SYS_memfd_secret, O_CLOEXEC)));
  if (!memory) return fail_errno("keys: this kernel has no secret memory");
  if (::ftruncate(memory.get(), static_cast<off_t>(bytes)) != 0 ||
      ::mmap(at, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, memory.get(), 0) == MAP_FAILED)
    return fail_errno("keys: no secret memory: is the limit on locked memory too low?");
  return {};
}

Result<void> map_locked(unsigned char* at, std::size_t bytes) {
  if (::mmap(at, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
    return fail_errno("keys: no memory");
  if (::mlock(at, bytes) != 0)
    return fail_errno("keys: memory cannot be locked: raise the limit on locked memory (ulimit -l)");
  return {};
}

}  // namespace

std::size_t SecretPages::page_bytes() { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

Result<SecretPages> SecretPages::make(std::size_t count) {
  Result<SecretPages> better = make(count, SecretForm::kSecret);
  return better ? std::move(better) : make(count, SecretForm::kLocked);
}

Result<SecretPages> SecretPages::make(std::size_t count, SecretForm form) {
  SecretPages pages;
  pages.form_ = form;
  const Result<void> mapped = pages.map(count);
  if (!mapped) return std::unexpected(mapped.error());
  return pages;
}

Result<void> SecretPages::map(std::size_t count) {
  const std::size_t page = page_bytes();
  void* all = ::mmap(nullptr, (2 * count + 1) * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (all == MAP_FAILED) return fail_errno("keys: no memory");
  start_ = static_cast<unsigned char*>(all);
  count_ = count;
  for (std::size_t i = 0; i < count; ++i) {
    const Result<void> opened = open_one(start_ + (2 * i + 1) * page);
    if (!opened) return opened;
  }
  return {};
}

Result<void> SecretPages::open_one(unsigned char* at) {
  const std::size_t page = page_bytes();
  const Result<void> mapped = form_ == SecretForm::kSecret ? map_secret(at, page) : map_locked(at, page);
  if (!mapped) return mapped;
  // Secret memory is out of core files by itself; asking again does no harm.
  if (::madvise(at, page, MADV_DONTFORK) != 0 || ::madvise(at, page, MADV_DONTDUMP) != 0)
    return fail_errno("keys: their memory would be copied");
  if (form_ == SecretForm::kSecret && is_readable_from_outside(at))
    return fail(Why::kBroken, "keys: secret memory that can be read from outside");
  set_access(at, Access::kClosed);
  free_.push_back(at);
  return {};
}

SecretPages::SecretPages(SecretPages&& other) noexcept
    : form_(other.form_),
      start_(std::exchange(other.start_, nullptr)),
      count_(std::exchange(other.count_, 0)),
      free_(std::move(other.free_)) {}

SecretPages& SecretPages::operator=(SecretPages&& other) noexcept {
  std::swap(form_, other.form_);
  std::swap(start_, other.start_);
  std::swap(count_, other.count_);
  std::swap(free_, other.free_);
  return *this;
}

SecretPages::~SecretPages() {
  if (start_ != nullptr) ::munmap(start_, (2 * count_ + 1) * page_bytes());
}

unsigned char* SecretPages::take() {
  if (free_.empty()) PANIC("more secrets than pages for them");
  unsigned char* const page = free_.back();
  free_.pop_back();
  return page;
}

void SecretPages::give_back(unsigned char* page) {
  set_access(page, Access::kWrite);
  ::explicit_bzero(page, page_bytes());
  set_access(page, Access::kClosed);
  free_.push_back(page);
}

void SecretPages::set_access(unsigned char* page, Access access) {
  const int protection = access == Access::kClosed ? PROT_NONE
                         : access == Access::kRead ? PROT_READ
                                                   : PROT_READ | PROT_WRITE;
  if (::mprotect(page, page_bytes(), protection) != 0) PANIC("a key's page cannot be opened or closed");
}

}  // namespace mcpbox::base
