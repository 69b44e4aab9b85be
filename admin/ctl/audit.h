// The stored audit chain of a running monitor, from its beginning to the end that was signed for this walk.
#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "admin/ctl/connection.h"
#include "privsep/audit/verifier.h"

namespace mcpbox::ctl {

class AuditWalk {
 public:
  using OnCheckpoint = std::function<void(const audit::Signed&)>;
  using OnRecord = std::function<bool(const audit::Stored&)>;  // false ends the walk

  explicit AuditWalk(Connection& monitor) : monitor_(monitor) {}

  // Asks where the chain ends now; run() goes no further.
  [[nodiscard]] Answer<protocol::AuditHead> begin();
  [[nodiscard]] Answer<protocol::Done> run(const OnCheckpoint& on_checkpoint, const OnRecord& on_record);

  [[nodiscard]] const audit::Signed& end() const { return end_; }
  [[nodiscard]] std::uint64_t last() const { return last_; }
  // After run(): stored checkpoints of records behind the end.
  [[nodiscard]] const std::deque<audit::Signed>& later() const { return waiting_; }
  // The record that a checkpoint names; 0 when it is no checkpoint.
  [[nodiscard]] static std::uint64_t place_of(const audit::Signed& checkpoint);

 private:
  [[nodiscard]] Answer<protocol::Done> give_checkpoints_before(std::uint64_t sequence,
                                                               const OnCheckpoint& on_checkpoint);
  void take(audit::Signed checkpoint);

  Connection& monitor_;
  audit::Signed end_;
  std::uint64_t last_ = 0;
  std::uint64_t checkpoints_from_ = 0;
  bool all_read_ = false;
  std::deque<audit::Signed> waiting_;
  std::vector<audit::Signed> vouchers_;  // for earlier keys
};

}  // namespace mcpbox::ctl
