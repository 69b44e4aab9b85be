// What the monitor asks of its database.  Nothing here blocks: every answer is awaited.
//
// Two connections.  The *writer* holds the advisory lock that makes this the only monitor of the database,
// and carries the audit chain: records get their sequence numbers, hashes and places in the order in which
// append() and commit() were called.  The *reader* runs named SELECTs.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "privsep/audit/checkpoint.h"
#include "privsep/loop/task.h"
#include "privsep/monitor/audit_record.h"

namespace mcpbox::monitor {

// How a prepared statement is planned.
enum class Plan : std::uint8_t {
  kFitted,  // as the connection's session says: a reader plans anew for the values, which may leave filters
            // out
  kKept,  // once: it finds its rows in the same way for any values, and planning would cost more than reading
};

// A named statement of sql.h or sql_reads.h: prepared once per connection under its name.
struct Sql {
  const char* name;
  const char* text;
  Plan plan = Plan::kFitted;
};

// A parameter of a statement; always sent out of line, never pasted into SQL.
struct Param {
  enum class Type : std::uint8_t { kNull, kText, kBytes, kInteger, kBoolean, kUuid };
  Type type = Type::kNull;
  std::string
      bytes;  // kText and kBytes as they are, kInteger in decimal, kBoolean "t" or "f", kUuid 16 raw bytes

  static Param null() { return {}; }
  static Param text(std::string_view value) { return {Type::kText, std::string(value)}; }
  static Param raw(std::string_view value) { return {Type::kBytes, std::string(value)}; }
  static Param integer(std::int64_t value) { return {Type::kInteger, std::to_string(value)}; }
  static Param boolean(bool value) { return {Type::kBoolean, value ? "t" : "f"}; }
  static Param uuid(const wire::Id& id) {
    return {Type::kUuid, std::string(reinterpret_cast<const char*>(id.data()), id.size())};
  }
  static Param digest(const wire::Digest& digest) {
    return {Type::kBytes, std::string(reinterpret_cast<const char*>(digest.data()), digest.size())};
  }
};

struct Statement {
  const Sql* sql = nullptr;
  std::vector<Param> params;
};

// A result set: bytea columns as raw bytes, uuid columns as 16 raw bytes, everything else in text form.
struct Rows {
  std::vector<std::vector<std::optional<std::string>>> rows;
};

class Store {
 public:
  virtual ~Store() = default;

  // One SELECT on the reader.  kBroken when the database is not there or did not answer in time.
  virtual loop::Task<Rows> query(Statement statement) = 0;

  // Appends one record to the chain; returns its sequence number when it is durable.  Records that wait
  // together are one transaction (group commit).  kBroken when it could not be written: nothing was.
  virtual loop::Task<std::uint64_t> append(AuditRecord record) = 0;

  // One record and the row changes it stands for, in one transaction.  `rows` is called with the record's
  // sequence number, because seals cover it.  kConflict when a unique name is taken (SQLSTATE 23505).
  using MakeRows = std::function<std::vector<Statement>(std::uint64_t sequence)>;
  virtual loop::Task<std::uint64_t> commit(AuditRecord record, MakeRows rows) = 0;

  // Readable log text beside the chain, in a transaction of its own.  A failure costs only the text.
  virtual void write_text(Statement statement) = 0;

  [[nodiscard]] virtual bool up() const = 0;
  [[nodiscard]] virtual std::uint64_t audit_records() const = 0;

  // The first record whose decisions count: those before it are void, because the database lost some of them.
  // 0: all count.
  [[nodiscard]] virtual std::uint64_t trusted_from() const { return 0; }

  // How many transactions with rows this store has written: what was read before the number changed may be
  // old.
  [[nodiscard]] virtual std::uint64_t changes() const { return 0; }

  // What a checkpoint made now would say; its purpose and key are the caller's.
  [[nodiscard]] virtual audit::Checkpoint audit_end() const { return {.sequence = audit_records()}; }
  // Records that wait to be durable.
  [[nodiscard]] virtual std::size_t waiting_records() const { return 0; }

  // Called for every record once it is durable, in the order of the chain.  One observer; from the loop.
  struct Durable {
    std::uint64_t sequence = 0;
    std::int64_t at_ms = 0;
    std::int64_t waited_ms = 0;
    const AuditRecord& record;
  };
  using Observer = std::function<void(const Durable&)>;
  void observe(Observer observer) { observer_ = std::move(observer); }

 protected:
  void tell(const Durable& durable) const {
    if (observer_) observer_(durable);
  }

 private:
  Observer observer_;
};

}  // namespace mcpbox::monitor
