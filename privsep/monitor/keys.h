// The master key and its subkeys.  The only file besides keys.cc in which key bytes exist.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "policy/layers.h"
#include "privsep/base/error.h"
#include "privsep/base/secret.h"
#include "privsep/wire/fields.h"

namespace mcpbox::monitor {

class Keys {
 public:
  // Reads 32 bytes from the descriptor, derives the subkeys, and forgets the master.  Before the jail.
  //   errors  kInvalid on another length; kBroken when there is no memory to keep keys in
  static base::Result<Keys> from_fd(int fd);
  // Better::kSecretMemory where nobody can read them through the kernel, or nothing.
  [[nodiscard]] policy::Layers forms() const {
    const bool secret = pages_->form() == base::SecretForm::kSecret;
    return secret ? policy::Layers{0} | policy::Better::kSecretMemory : policy::Layers{0};
  }

  // Keyed BLAKE2b-256 over the parts, each preceded by its length, under the row-seal subkey.
  //   table   "approvals", "admins", "settings": a seal of one table never fits another
  [[nodiscard]] wire::Digest seal(std::string_view table,
                                  std::initializer_list<std::string_view> parts) const;

  // Compares in constant time.
  [[nodiscard]] static bool same(const wire::Digest& a, const wire::Digest& b);

 private:
  Keys(std::unique_ptr<base::SecretPages> pages, base::Secret<32> row_seal)
      : pages_(std::move(pages)), row_seal_(std::move(row_seal)) {}
  std::unique_ptr<base::SecretPages> pages_;  // before the secrets: it outlives them
  base::Secret<32> row_seal_;
};

// BLAKE2b-256 without a key over the parts, each preceded by its length as 8 bytes little-endian.
wire::Digest digest_of(std::initializer_list<std::string_view> parts);

// 16 bytes from the kernel, shaped as a version 4 UUID.
wire::Id random_id();

}  // namespace mcpbox::monitor
