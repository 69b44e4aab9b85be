// The master key and its subkeys.  The only file besides keys.cc in which key bytes exist.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "privsep/base/error.h"
#include "privsep/base/secret.h"
#include "privsep/wire/fields.h"

namespace mcpbox::monitor {

class Keys {
 public:
  // Reads 32 bytes from the descriptor, derives the subkeys, and forgets the master.  kInvalid on another
  // length.
  static base::Result<Keys> from_fd(int fd);

  // Keyed BLAKE2b-256 over the parts, each preceded by its length, under the row-seal subkey.
  //   table   "approvals", "admins", "settings": a seal of one table never fits another
  [[nodiscard]] wire::Digest seal(std::string_view table,
                                  std::initializer_list<std::string_view> parts) const;

  // Compares in constant time.
  [[nodiscard]] static bool same(const wire::Digest& a, const wire::Digest& b);

 private:
  explicit Keys(base::Secret<32> row_seal) : row_seal_(std::move(row_seal)) {}
  base::Secret<32> row_seal_;
};

// BLAKE2b-256 without a key over the parts, each preceded by its length as 8 bytes little-endian.
wire::Digest digest_of(std::initializer_list<std::string_view> parts);

// 16 bytes from the kernel, shaped as a version 4 UUID.
wire::Id random_id();

}  // namespace mcpbox::monitor
