// The master key and its subkeys; while one master is replaced by another, those of both.  The only file
// besides keys.cc in which key bytes exist.
#pragma once

#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "policy/layers.h"
#include "privsep/audit/checkpoint.h"
#include "privsep/base/error.h"
#include "privsep/base/secret.h"
#include "privsep/wire/fields.h"

namespace mcpbox::monitor {

// A secret's value while it is on its way: overwritten when it goes.
class Plain {
 public:
  explicit Plain(std::size_t size) : bytes_(size, '\0') {}
  Plain(Plain&& other) noexcept : bytes_(std::move(other.bytes_)) { other.wipe(); }
  Plain& operator=(Plain&& other) noexcept;
  Plain(const Plain&) = delete;
  Plain& operator=(const Plain&) = delete;
  ~Plain() { wipe(); }
  [[nodiscard]] std::string_view view() const { return bytes_; }
  [[nodiscard]] unsigned char* data() { return reinterpret_cast<unsigned char*>(bytes_.data()); }

 private:
  void wipe();
  std::string bytes_;
};

class Keys {
 public:
  // Reads 32 bytes from the descriptor, derives the subkeys, and forgets the master.  Before the jail.  64
  // bytes are two keys, of which the second becomes other(): a rotation that was cut leaves both, and the
  // database knows which of them is in use.
  //   errors  kInvalid on another length; kBroken when there is no memory to keep keys in
  static base::Result<Keys> from_fd(int fd);

  // The keys of another master beside these; null when there is none.
  [[nodiscard]] const Keys* other() const { return other_.get(); }
  // Makes them from a file of 32 bytes.  kInvalid: it is not one.  kConflict: it is the key that is in use.
  base::Result<void> prepare(int fd);
  // Whether the file holds the master key that is in use; kInvalid when it is no key.
  [[nodiscard]] base::Result<bool> is_in_use(int fd) const;
  // The two change places.
  void use_other();
  void forget_other() { other_.reset(); }
  // What everybody may know of the master key: whether two are the same.
  [[nodiscard]] wire::Digest name() const;
  Keys(Keys&&) noexcept = default;
  Keys& operator=(Keys&&) = delete;  // the pages of those that were there would go before they do
  // Better::kSecretMemory where nobody can read them through the kernel, or nothing.
  [[nodiscard]] policy::Layers forms() const {
    const bool secret = pages_->form() == base::SecretForm::kSecret;
    return secret ? policy::Layers{0} | policy::Better::kSecretMemory : policy::Layers{0};
  }

  // Keyed BLAKE2b-256 over the parts, each preceded by its length, under the row-seal subkey.
  //   table   "approvals", "admins", "settings", "grants", "secrets": a seal of one table never fits another
  [[nodiscard]] wire::Digest seal(std::string_view table,
                                  std::initializer_list<std::string_view> parts) const;

  // A stored value: version, key id, nonce, ciphertext, tag.  AES-256-GCM where this CPU has it, else
  // XChaCha20-Poly1305; the version says which.
  //   aad   what the value belongs to: open() with another one fails
  [[nodiscard]] std::string close_value(std::string_view value, std::string_view aad) const;
  // kInvalid when the bytes or the AAD are not what close_value() was given; kBroken when they were made with
  // an algorithm that this CPU does not have.
  [[nodiscard]] base::Result<Plain> open_value(std::string_view stored, std::string_view aad) const;
  // Whether close_value() made it under these keys; an empty one belongs to any.
  [[nodiscard]] bool closed(std::string_view stored) const;
  // A request state, encrypted and bound to its owner; under the subkey for that and nothing else.
  [[nodiscard]] std::string seal_state(std::string_view owner, std::string_view text) const;
  // kInvalid unless seal_state() made it for the same owner.
  [[nodiscard]] base::Result<std::string> open_state(std::string_view owner, std::string_view sealed) const;
  // The checkpoint with the name of our key in it, signed with Ed25519 under the audit subkey.
  [[nodiscard]] audit::Signed sign(audit::Checkpoint checkpoint) const;
  [[nodiscard]] const audit::PublicKey& audit_key() const { return audit_key_; }

  // Compares in constant time.
  [[nodiscard]] static bool same(const wire::Digest& a, const wire::Digest& b);

 private:
  struct Subkeys {
    base::Secret<32> row_seal;
    base::Secret<32> values;
    base::Secret<32> request_state;
    base::Secret<32> audit_seed;  // of the Ed25519 key that signs checkpoints
  };
  Keys(std::shared_ptr<base::SecretPages> pages, Subkeys subkeys);
  // From a master key of exactly 32 bytes, which is forgotten.
  static Keys derived(const std::shared_ptr<base::SecretPages>& pages, const base::Secret<32>& master);
  [[nodiscard]] base::Result<Keys> from_file(int fd) const;
  [[nodiscard]] std::string value_key_id() const;
  std::shared_ptr<base::SecretPages> pages_;  // before the secrets: it outlives them
  Subkeys subkeys_;
  audit::PublicKey audit_key_{};
  std::unique_ptr<Keys> other_;
};

// BLAKE2b-256 without a key over the parts, each preceded by its length as 8 bytes little-endian.
wire::Digest digest_of(std::initializer_list<std::string_view> parts);
wire::Digest digest_of(std::span<const std::string_view> parts);

// 128 bits from the kernel.
std::array<unsigned char, 16> random_bits();

// The same, shaped as a version 4 UUID.
wire::Id random_id();

}  // namespace mcpbox::monitor
