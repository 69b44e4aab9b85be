// Runs in the monitor.  The rows come from the database: only what has our seal is sealed again.
#include "privsep/monitor/key_rotation.h"

#include <utility>

#include "privsep/monitor/loading.h"
#include "privsep/monitor/seals.h"
#include "privsep/monitor/sql.h"
#include "privsep/monitor/sql_authority.h"
#include "privsep/monitor/sql_keys.h"
#include "privsep/monitor/store_pg_sql.h"

namespace mcpbox::monitor {
namespace {

using base::Why;

constexpr int kTries = 20;  // each reads anew what others have changed

enum class KeyColumn : unsigned char { kId, kName };
struct SealedRows {
  const Sql& load;
  std::size_t seal;  // its column; the row's key is the first
  loading::RowSeal seal_of;
  const Sql& write;
  KeyColumn key;
};
// All but secrets, whose values are closed with the key as well.
const SealedRows kSealed[] = {
    {sql::kLoadApprovals, 8, loading::seal_of_approval_row, sql::kSealApproval, KeyColumn::kId},
    {sql::kLoadAdmins, 3, loading::seal_of_admin_row, sql::kSealAdmin, KeyColumn::kName},
    {sql::kLoadSettings, 3, loading::seal_of_setting_row, sql::kSealSetting, KeyColumn::kName},
    {sql::kLoadAdminSessions, 8, loading::seal_of_session_row, sql::kSealSession, KeyColumn::kId},
    {sql::kLoadClientTokens, 5, loading::seal_of_client_row, sql::kSealClient, KeyColumn::kName},
    {sql::kLoadGrants, 18, loading::seal_of_grant_row, sql::kSealGrant, KeyColumn::kId},
};
constexpr std::size_t kSecretSeal = 15;

Statement name_row(const Keys& next, std::uint64_t sequence) {
  const std::string name = hex_of(next.name());
  return {.sql = &sql::kUpsertSetting,
          .params = {Param::text(kKeySetting), Param::text(name),
                     Param::integer(static_cast<std::int64_t>(sequence)),
                     Param::digest(seal_of_setting(next, kKeySetting, name, sequence))}};
}

// The new key's word for the old one, up to the record before this one.
Statement voucher_row(const Keys& now, const Keys& next, std::uint64_t sequence, std::int64_t at_ms) {
  audit::Checkpoint said{.purpose = audit::Purpose::kKey, .sequence = sequence - 1};
  said.hash = now.audit_key();
  said.at_ms = at_ms;
  return checkpoint_row(said, next.sign(said));
}

}  // namespace

base::Result<void> KeyRotation::seal_secrets(const Rows& rows, Sealed& into) const {
  const Keys& next = *keys_.other();
  for (const loading::Row& row : rows.rows) {
    StoredSecret secret = loading::secret_of(row);
    if (!Keys::same(seal_of_secret(keys_, secret), loading::bytes<32>(row, kSecretSeal))) continue;
    if (secret.has_value()) {
      const base::Result<Plain> value = value_of(keys_, secret);
      if (!value)
        return base::fail(
            Why::kInvalid,
            "a secret cannot be opened on this machine, so it cannot be closed again: set or delete "
            "it first");
      secret.stored = next.close_value(value->view(), aad_of(secret));
    }
    into.statements.push_back({.sql = &sql::kSealSecret,
                               .params = {Param::uuid(secret.id), Param::digest(seal_of_secret(next, secret)),
                                          secret.has_value() ? Param::raw(secret.stored) : Param::null()}});
    into.secrets.push_back(std::move(secret));
  }
  return {};
}

loop::Task<KeyRotation::Sealed> KeyRotation::seal_again() {
  Sealed sealed;
  const Keys& next = *keys_.other();
  for (const SealedRows& table : kSealed) {
    const Rows rows = co_await loading::read(m_, table.load);
    for (const loading::Row& row : rows.rows) {
      if (!Keys::same(table.seal_of(m_, keys_, row), loading::bytes<32>(row, table.seal))) continue;
      if (&table.load == &sql::kLoadSettings && loading::text(row, 0) == kKeySetting) continue;
      Param key = Param::text(loading::text(row, 0));
      if (table.key == KeyColumn::kId) key.type = Param::Type::kUuid;
      sealed.statements.push_back(
          {.sql = &table.write, .params = {std::move(key), Param::digest(table.seal_of(m_, next, row))}});
    }
  }
  const Rows secrets = co_await loading::read(m_, sql::kLoadSecrets);
  const base::Result<void> closed = seal_secrets(secrets, sealed);
  if (!closed) co_return std::unexpected(closed.error());
  sealed.rows = sealed.statements.size();
  co_return sealed;
}

loop::Task<protocol::KeyRotated> KeyRotation::run_once(std::string who) {
  const std::uint64_t changes = m_.store.changes();
  Sealed sealed = co_await seal_again();
  secrets_ = std::move(sealed.secrets);
  AuditRecord record{.kind = AuditKind::kConfiguration, .actor = std::move(who), .action = kRotateAction};
  record.digest = keys_.other()->name();
  record.number = static_cast<std::int64_t>(sealed.rows);
  record.payload = audit::hex(keys_.other()->audit_key());
  const Store::MakeRows rows = [this, changes, &sealed](std::uint64_t sequence) {
    if (m_.store.changes() != changes)
      return std::vector<Statement>{{.sql = &sql::kChangedMeanwhile, .params = {}}};
    std::vector<Statement> all = sealed.statements;
    all.push_back(name_row(*keys_.other(), sequence));
    all.push_back(voucher_row(keys_, *keys_.other(), sequence, m_.clock.now_ms()));
    return all;
  };
  const std::uint64_t sequence = co_await m_.store.commit(std::move(record), rows);
  co_return protocol::KeyRotated{.audit_key = keys_.audit_key(), .record = sequence, .rows = sealed.rows};
}

loop::Task<protocol::KeyRotated> KeyRotation::run(std::string who, base::Fd key) {
  if (running_) co_return base::fail(Why::kConflict, "the master key is being replaced already");
  if (const base::Result<void> made = keys_.prepare(key.get()); !made)
    co_return std::unexpected(made.error());
  running_ = true;
  base::Result<protocol::KeyRotated> done = base::fail(Why::kConflict, "not tried yet");
  for (int tries = 0; tries < kTries && !done && done.error().why == Why::kConflict; ++tries)
    done = co_await loop::attempt(run_once(who));
  running_ = false;
  secrets_.clear();
  keys_.forget_other();
  if (!done && done.error().why == Why::kConflict)
    co_return base::fail(Why::kBusy, "rows were changed again and again meanwhile: try again");
  if (!done) co_return std::unexpected(done.error());
  m_.log.warn("the master key was replaced", {{"by", who}, {"record", done->record}, {"rows", done->rows}});
  co_return *done;
}

// Request states that were given out before are not opened any more: their clients begin again.
void KeyRotation::stored(const AuditRecord& record) {
  if (!running_ || record.action != kRotateAction) return;
  keys_.use_other();
  for (const StoredSecret& now : secrets_)
    if (StoredSecret* secret = m_.secrets.find(now.server, now.key); secret != nullptr && secret->has_value())
      secret->stored = now.stored;  // one whose value is void stays without
}

}  // namespace mcpbox::monitor
