// Runs in admin: is the audit chain whole?  The records and checkpoints are read as they are stored and
// checked here, with the code of `mcpboxctl audit verify`: the monitor does not vouch for itself.  What this
// process says is worth as much as this process; who doubts it runs mcpboxctl with a key noted elsewhere.
#include <cstring>

#include "admin/reads.h"
#include "admin/routes.h"
#include "admin/shapes.h"
#include "privsep/audit/actions.h"
#include "privsep/audit/verifier.h"
#include "privsep/protocol/messages_audit.h"

namespace mcpbox::admin {
namespace {

namespace limits = policy::limits;

audit::Signed signed_of(const protocol::SignedStatement& sent) {
  audit::Signed made{.statement = sent.statement, .signature = {}};
  if (sent.signature.size() == made.signature.size())
    std::memcpy(made.signature.data(), sent.signature.data(), sent.signature.size());
  return made;
}

std::uint64_t place_of(const audit::Signed& checkpoint) {
  const std::optional<audit::Checkpoint> said = audit::decode_checkpoint(checkpoint.statement);
  return said ? said->sequence : 0;
}

// Walks the chain once, page by page; checkpoints in the order of the records that they name.
class Walk {
 public:
  Walk(Admin& a, const Incoming& in) : a_(a), in_(in) {}

  Task<audit::Verifier> run() {
    protocol::GetAuditHead question;
    const protocol::AuditHead head = co_await ask_as(a_, in_, question);
    audit::Verifier verifier(head.public_key);
    for (const protocol::SignedStatement& sent : head.vouchers) verifier.checkpoint(signed_of(sent));
    const audit::Signed end = signed_of(head.end);
    const std::uint64_t last = place_of(end);
    std::uint64_t next = 1;
    while (next != 0 && next <= last && !verifier.damage()) {
      protocol::ReadAudit page_question{.from = next};
      const protocol::AuditPage page = co_await ask_as(a_, in_, page_question);
      if (page.rows.empty()) break;
      const Nothing walked = co_await take(verifier, page, last);
      static_cast<void>(walked);
      next = page.next;
    }
    const Nothing rest = co_await give_before(verifier, last + 1);
    static_cast<void>(rest);
    verifier.checkpoint(end);
    verifier.finish();
    co_return verifier;
  }

 private:
  Task<Nothing> take(audit::Verifier& verifier, const protocol::AuditPage& page, std::uint64_t last) {
    for (const protocol::AuditRow& row : page.rows) {
      const audit::Stored stored{.encoded = row.encoded, .hash = row.hash};
      const std::optional<audit::Record> record = audit::decode(stored.encoded);
      if (record && record->sequence > last) break;
      if (record) {
        const Nothing given = co_await give_before(verifier, record->sequence);
        static_cast<void>(given);
      }
      verifier.record(stored);
      if (verifier.damage()) break;
    }
    co_return Nothing{};
  }

  Task<Nothing> give_before(audit::Verifier& verifier, std::uint64_t sequence) {
    for (;;) {
      if (at_ == waiting_.size() && !all_read_) {
        protocol::ReadCheckpoints question{.from = from_};
        const protocol::CheckpointPage page = co_await ask_as(a_, in_, question);
        waiting_.clear();
        at_ = 0;
        for (const protocol::SignedStatement& sent : page.checkpoints) waiting_.push_back(signed_of(sent));
        all_read_ = page.checkpoints.size() < limits::kAuditPageRecords;
        if (!waiting_.empty()) {
          const std::uint64_t place = place_of(waiting_.back());
          all_read_ = all_read_ || place < from_;  // none that can be read: the verifier says so
          from_ = place + 1;
        }
      }
      if (at_ == waiting_.size() || place_of(waiting_[at_]) >= sequence) co_return Nothing{};
      verifier.checkpoint(waiting_[at_++]);
    }
  }

  Admin& a_;
  const Incoming& in_;
  std::vector<audit::Signed> waiting_;
  std::size_t at_ = 0;
  std::uint64_t from_ = 0;
  bool all_read_ = false;
};

class Busy {
 public:
  explicit Busy(bool& busy) : busy_(busy) { busy_ = true; }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;
  ~Busy() { busy_ = false; }

 private:
  bool& busy_;
};

std::string_view purpose_text(audit::Purpose purpose) {
  constexpr std::string_view kNames[] = {"periodic", "end", "segment", "key"};
  return kNames[static_cast<unsigned>(purpose) - 1];
}

Json checkpoint_json(const audit::Signed& stored, const audit::KeyRing& keys) {
  const std::optional<audit::Checkpoint> said = audit::decode_checkpoint(stored.statement);
  Object one;
  one.boolean("valid", keys.doubt_of(stored) == audit::Doubt::kNone);
  if (!said) return one.null("sequence").null("hash").null("at").null("purpose").take();
  one.number("sequence", static_cast<std::int64_t>(said->sequence)).text("hash", audit::hex(said->hash));
  return one.text("at", time_text(said->at_ms)).text("purpose", purpose_text(said->purpose)).take();
}

}  // namespace

Task<Answered> on_verify_audit(Admin& a, const Incoming& in) {
  if (a.verifying) {
    Response response = problem(429, "The chain is being checked already.");
    response.headers.emplace_back("Retry-After", "2");
    co_return response;
  }
  const Busy busy(a.verifying);
  Walk walk(a, in);
  const audit::Verifier verifier = co_await walk.run();
  Object body;
  body.boolean("intact", !verifier.damage());
  body.number("records", static_cast<std::int64_t>(verifier.records()));
  body.number("checkpoints", static_cast<std::int64_t>(verifier.checkpoints()));
  body.number("first", static_cast<std::int64_t>(verifier.first()));
  body.number("last", static_cast<std::int64_t>(verifier.last())).text("hash", audit::hex(verifier.hash()));
  if (verifier.damage())
    body.text("damage", audit::name_of(verifier.damage()->damage))
        .number("record", static_cast<std::int64_t>(verifier.damage()->record));
  else
    body.null("damage").null("record");
  co_return json_answer(body.text("report", audit::report_of(verifier)).take());
}

// With the public key and the end of the chain, for who notes them elsewhere.
Task<Answered> on_list_checkpoints(Admin& a, const Incoming& in) {
  const std::optional<Page> page = page_of(in.query, 20);
  if (!page) co_return page_problem();
  protocol::GetAuditHead head_question;
  const protocol::AuditHead head = co_await ask_as(a, in, head_question);
  audit::KeyRing keys(head.public_key);
  for (const protocol::SignedStatement& sent : head.vouchers) static_cast<void>(keys.add(signed_of(sent)));
  // Few: one an hour or 1000 records.  All are read, for the newest are wanted first.
  std::vector<audit::Signed> all;
  for (std::uint64_t from = 0;;) {
    protocol::ReadCheckpoints question{.from = from};
    const protocol::CheckpointPage part = co_await ask_as(a, in, question);
    for (const protocol::SignedStatement& sent : part.checkpoints) all.push_back(signed_of(sent));
    const std::uint64_t place = all.empty() ? 0 : place_of(all.back());
    if (part.checkpoints.size() < limits::kAuditPageRecords || place < from) break;
    from = place + 1;
  }
  Json items(json_array());
  const std::uint64_t skipped = std::uint64_t{page->page - 1} * page->size;
  for (std::uint64_t i = skipped; i < all.size() && i < skipped + page->size; ++i)
    append(items, checkpoint_json(all[all.size() - 1 - i], keys));
  Json body = page_json(std::move(items), static_cast<std::uint32_t>(all.size()), *page);
  json_object_set_new(body.get(), "public_key", json_string(audit::hex(head.public_key).c_str()));
  json_object_set_new(body.get(), "end", checkpoint_json(signed_of(head.end), keys).release());
  co_return json_answer(std::move(body));
}

}  // namespace mcpbox::admin
