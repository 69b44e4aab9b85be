// Secrets of servers, in memory as they are stored: a value is opened for one use and overwritten after it.
//   sealed    code sees a placeholder; egress asks for the value, for exactly the binding here
//   exposed   code sees the value
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "privsep/monitor/keys.h"
#include "privsep/protocol/messages_secrets.h"

namespace mcpbox::monitor {

struct StoredSecret {
  wire::Id id{};
  wire::Id server{};
  std::string key;
  std::string description;
  protocol::SecretBinding binding;  // proposed, until there is a value
  std::string stored;               // the closed value; empty: a placeholder without one
  std::string created_by;
  std::string set_by;
  std::int64_t set_at_ms = 0;
  std::uint64_t sequence = 0;  // of the last audit record on it
  bool saving = false;

  [[nodiscard]] bool has_value() const { return !stored.empty(); }
  [[nodiscard]] bool exposed() const { return binding.mode == protocol::SecretMode::kExposed; }
};

// What a value is closed under: server, key, mode, host, port, place, name and form.  Changing any of them in
// the database makes the value unreadable.
[[nodiscard]] std::string aad_of(const StoredSecret& secret);

inline constexpr const char* kSecretActions[] = {"create_secret", "set_secret", "delete_secret"};

class Secrets {
 public:
  StoredSecret* find(const wire::Id& server, std::string_view key);
  [[nodiscard]] const StoredSecret* find(const wire::Id& id) const;
  void put(StoredSecret secret);
  void erase(const wire::Id& server, std::string_view key);
  void forget_server(const wire::Id& server);

  // By key.
  [[nodiscard]] std::vector<const StoredSecret*> of_server(const wire::Id& server) const;

 private:
  std::map<wire::Id, std::map<std::string, StoredSecret, std::less<>>> servers_;
};

// The value.  kNotFound: it has none.  kInvalid: the row is not the one that was written.
[[nodiscard]] base::Result<Plain> value_of(const Keys& keys, const StoredSecret& secret);

}  // namespace mcpbox::monitor
