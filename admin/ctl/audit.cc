// Runs in mcpboxctl.  The check is made here, over the records as they are stored, so that the monitor does
// not vouch for itself; the one thing taken from it is its public key, which a careful person compares with
// the one that they noted (--key).
#include "admin/ctl/audit.h"

#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include <cstring>

#include "admin/ctl/columns.h"
#include "admin/ctl/commands.h"
#include "admin/ctl/json.h"
#include "admin/ctl/output.h"
#include "admin/ctl/rights.h"
#include "privsep/audit/actions.h"
#include "privsep/audit/export_file.h"
#include "privsep/base/visible.h"

namespace mcpbox::ctl {
namespace {

constexpr std::uint64_t kShown = 50;  // records of a page

audit::Signed signed_of(const protocol::SignedStatement& sent) {
  audit::Signed made{.statement = sent.statement, .signature = {}};
  if (sent.signature.size() == made.signature.size())
    std::memcpy(made.signature.data(), sent.signature.data(), sent.signature.size());
  return made;
}

std::string key_text(const audit::PublicKey& key) { return audit::hex(key); }

}  // namespace

// --- The walk ---------------------------------------------------------------------------------------------

Answer<protocol::AuditHead> AuditWalk::begin() {
  protocol::GetAuditHead question;
  Answer<protocol::AuditHead> head = monitor_.ask(question);
  if (!head) return head;
  end_ = signed_of(head->end);
  for (const protocol::SignedStatement& sent : head->vouchers) vouchers_.push_back(signed_of(sent));
  const std::optional<audit::Checkpoint> said = audit::decode_checkpoint(end_.statement);
  if (!said)
    return std::unexpected(Failure{base::Why::kBroken, "the monitor's own checkpoint is not one", false});
  last_ = said->sequence;
  return head;
}

// Checkpoints and records in the order in which an export has them.
Answer<protocol::Done> AuditWalk::run(const OnCheckpoint& on_checkpoint, const OnRecord& on_record) {
  for (const audit::Signed& voucher : vouchers_) on_checkpoint(voucher);
  std::uint64_t next = 1;
  while (next != 0 && next <= last_) {
    protocol::ReadAudit question{.from = next};
    const Answer<protocol::AuditPage> page = monitor_.ask(question);
    if (!page) return std::unexpected(page.error());
    if (page->rows.empty()) break;
    for (const protocol::AuditRow& row : page->rows) {
      const audit::Stored stored{.encoded = row.encoded, .hash = row.hash};
      const std::optional<audit::Record> record = audit::decode(stored.encoded);
      if (record && record->sequence > last_) return give_checkpoints_before(last_ + 1, on_checkpoint);
      const Answer<protocol::Done> before =
          record ? give_checkpoints_before(record->sequence, on_checkpoint) : protocol::Done{};
      if (!before) return before;
      if (!on_record(stored)) return protocol::Done{};
    }
    next = page->next;
  }
  return give_checkpoints_before(last_ + 1, on_checkpoint);
}

Answer<protocol::Done> AuditWalk::give_checkpoints_before(std::uint64_t sequence,
                                                          const OnCheckpoint& on_checkpoint) {
  for (;;) {
    if (waiting_.empty() && !all_read_) {
      protocol::ReadCheckpoints question{.from = checkpoints_from_};
      const Answer<protocol::CheckpointPage> page = monitor_.ask(question);
      if (!page) return std::unexpected(page.error());
      for (const protocol::SignedStatement& sent : page->checkpoints) take(signed_of(sent));
      all_read_ = all_read_ || page->checkpoints.size() < policy::limits::kAuditPageRecords;
    }
    if (waiting_.empty() || place_of(waiting_.front()) >= sequence) return protocol::Done{};
    on_checkpoint(waiting_.front());
    waiting_.pop_front();
  }
}

void AuditWalk::take(audit::Signed checkpoint) {
  const std::optional<audit::Checkpoint> said = audit::decode_checkpoint(checkpoint.statement);
  if (said)
    checkpoints_from_ = said->sequence + 1;
  else
    all_read_ = true;  // the verifier will say so; where to read on, nobody knows
  waiting_.push_back(std::move(checkpoint));
}

// One that is no checkpoint stands where it was found: the verifier says so.
std::uint64_t AuditWalk::place_of(const audit::Signed& checkpoint) {
  const std::optional<audit::Checkpoint> said = audit::decode_checkpoint(checkpoint.statement);
  return said ? said->sequence : 0;
}

// --- The commands -----------------------------------------------------------------------------------------

namespace {

Exit audit_verify(Connection& monitor, AuditWalk& walk, const protocol::AuditHead& head,
                  const Options& options) {
  audit::PublicKey key = head.public_key;
  if (options.key) {
    const std::optional<audit::PublicKey> noted = audit::public_key_from(*options.key);
    if (!noted) {
      complain("--key wants the 64 digits that `mcpboxctl audit head` prints");
      return Exit::kUsage;
    }
    key = *noted;
  }
  const std::optional<audit::Known> known =
      options.known ? audit::known_from(*options.known) : std::optional<audit::Known>();
  if (options.known && !known) {
    complain("--known wants RECORD:HASH, as `mcpboxctl audit head` prints it");
    return Exit::kUsage;
  }
  audit::Verifier verifier(key, known);
  const Answer<protocol::Done> walked =
      walk.run([&](const audit::Signed& checkpoint) { verifier.checkpoint(checkpoint); },
               [&](const audit::Stored& stored) {
                 verifier.record(stored);
                 return !verifier.damage();
               });
  if (!walked) return report(walked.error());
  // Checkpoints may have been made while we read; none can know more than the monitor does now.
  AuditWalk now(monitor);
  const Answer<protocol::AuditHead> latest = now.begin();
  if (!latest) return report(latest.error());
  for (const audit::Signed& later : walk.later())
    if (AuditWalk::place_of(later) > now.last()) verifier.later_checkpoint(later);
  verifier.checkpoint(walk.end());
  verifier.finish();
  print(audit::report_of(verifier));
  return verifier.damage() ? Exit::kRefused : Exit::kOk;
}

bool write_whole(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

Exit audit_export(AuditWalk& walk, const Options& options) {
  if (options.words.size() < 3) {
    complain("use: mcpboxctl audit export FILE; a file that exists is not overwritten");
    return Exit::kUsage;
  }
  const base::Fd file(
      ::open(options.words[2].c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) {
    complain("cannot create " + options.words[2] + ": " + std::strerror(errno));
    return Exit::kRefused;
  }
  bool good = write_whole(file.get(), audit::export_header());
  std::uint64_t records = 0;
  const Answer<protocol::Done> walked = walk.run(
      [&](const audit::Signed& checkpoint) {
        good = good && write_whole(file.get(), audit::export_item(checkpoint));
      },
      [&](const audit::Stored& stored) {
        ++records;
        good = good && write_whole(file.get(), audit::export_item(stored));
        return good;
      });
  if (!walked) return report(walked.error());
  good = good && write_whole(file.get(), audit::export_item(walk.end())) && ::fsync(file.get()) == 0;
  if (!good) {
    complain("cannot write " + options.words[2] + ": " + std::strerror(errno));
    return Exit::kRefused;
  }
  print(std::to_string(records) + " records exported; check them anywhere: mcpbox-audit-verify " +
        base::visible(options.words[2]) + " PUBLIC-KEY\n");
  return Exit::kOk;
}

Exit audit_head(const AuditWalk& walk, const protocol::AuditHead& head, const Options& options) {
  const std::optional<audit::Checkpoint> end = audit::decode_checkpoint(walk.end().statement);
  if (!end) return Exit::kRefused;
  const std::string known = std::to_string(end->sequence) + ":" + audit::hex(end->hash);
  if (options.json)
    print(json_text(Object()
                        .text("public_key", key_text(head.public_key))
                        .number("record", end->sequence)
                        .text("hash", audit::hex(end->hash))
                        .number("first", end->first)
                        .take()
                        .get()));
  else
    print("public key  " + key_text(head.public_key) + "\nend         " + known +
          "\nNote both where this machine's administrator cannot change them: `--key` and `--known` "
          "compare.\n");
  return Exit::kOk;
}

std::string payload_text(const audit::Record& record) {
  if (record.kind == 1) return audit::hex(record.payload).substr(0, 16);
  return base::visible(record.payload);
}

std::string id_text(const audit::Id& id) {
  return audit::hex({reinterpret_cast<const char*>(id.data()), id.size()});
}

// The shape of a page of the admin API's /api/audit, and the payload.
Json record_json(const audit::Record& record) {
  Object one;
  one.number("sequence", record.sequence).text("at", time_text(record.at_ms));
  one.member("at_ms", Json(json_integer(record.at_ms))).text("kind", audit::name_of_kind(record.kind));
  one.text("actor", base::visible(record.actor)).text("action", base::visible(record.action));
  one.text("subject", id_text(record.subject)).text("call", id_text(record.call));
  one.text("digest", audit::hex(record.digest)).member("number", Json(json_integer(record.number)));
  return one.text("payload", record.kind == 1 ? audit::hex(record.payload) : base::visible(record.payload))
      .take();
}

Exit audit_show(Connection& monitor, std::uint64_t last, const Options& options) {
  const std::uint64_t skipped = std::uint64_t{options.page - 1} * kShown;
  const std::uint64_t newest = last > skipped ? last - skipped : 0;
  protocol::ReadAudit question{.from = newest > kShown ? newest - kShown + 1 : 1, .most = kShown};
  const Answer<protocol::AuditPage> page = monitor.ask(question);
  if (!page) return report(page.error());
  Json items(json_array());
  Columns table({"RECORD", "TIME (MS)", "KIND", "ACTION", "ACTOR", "NUMBER", "SUBJECT", "CALL", "PAYLOAD"});
  for (auto row = page->rows.rbegin(); row != page->rows.rend(); ++row) {
    const std::optional<audit::Record> record = audit::decode(row->encoded);
    if (!record || record->sequence > newest) continue;
    if (options.json) json_array_append_new(items.get(), record_json(*record).release());
    const auto short_id = [](const audit::Id& id) { return id_text(id).substr(0, 8); };
    table.row({std::to_string(record->sequence), std::to_string(record->at_ms),
               std::string(audit::name_of_kind(record->kind)), record->action, record->actor,
               std::to_string(record->number), short_id(record->subject), short_id(record->call),
               payload_text(*record)});
  }
  if (options.json)
    print(json_text(Object()
                        .member("items", std::move(items))
                        .number("page", options.page)
                        .number("page_size", kShown)
                        .take()
                        .get()));
  else
    print(table.empty() ? "No records on this page.\n" : table.text(output_width()));
  return Exit::kOk;
}

Exit audit_prune(Connection& monitor, const Options& options) {
  protocol::PruneAudit question{.before_ms = options.until_ms};
  const Answer<protocol::AuditPruned> pruned = monitor.ask(question);
  if (!pruned) return report(pruned.error());
  if (options.json)
    print(json_text(Object().number("first", pruned->first).take().get()));
  else
    print("The audit log begins at record " + std::to_string(pruned->first) +
          "; what was before it is dropped, its signed heads stay.\n");
  return Exit::kOk;
}

}  // namespace

Exit audit(const Options& options) {
  const std::string& what = options.words[1];
  if (what != "verify" && what != "export" && what != "head" && what != "show" && what != "prune") {
    complain(
        "use: mcpboxctl audit verify [--key HEX] [--known RECORD:HASH] | export FILE | head | show [--page "
        "N] | prune [--until TIME]");
    return Exit::kUsage;
  }
  if (::sodium_init() < 0) return Exit::kRefused;
  std::expected<Connection, Exit> monitor = open_to_decide(options);
  if (!monitor) return monitor.error();
  if (what == "prune") return audit_prune(*monitor, options);
  AuditWalk walk(*monitor);
  const Answer<protocol::AuditHead> head = walk.begin();
  if (!head) return report(head.error());
  if (what == "verify") return audit_verify(*monitor, walk, *head, options);
  if (what == "export") return audit_export(walk, options);
  if (what == "head") return audit_head(walk, *head, options);
  return audit_show(*monitor, walk.last(), options);
}

}  // namespace mcpbox::ctl
