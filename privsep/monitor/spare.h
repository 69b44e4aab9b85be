// One call child: forked by the zygote, jailed, used for one job, gone.  Destroying it kills it.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "privsep/base/fd.h"
#include "privsep/loop/link.h"
#include "privsep/protocol/messages_zygote.h"

namespace mcpbox::monitor {

class Spare {
 public:
  Spare(loop::Loop& loop, std::uint64_t number, base::Fd socket, base::Fd pidfd);
  ~Spare() { kill(); }
  Spare(const Spare&) = delete;
  Spare& operator=(const Spare&) = delete;

  // SIGKILL.  Idempotent.
  void kill();

  // The zygote's word on how it ended; arrives shortly after the link closed, unless the zygote died too.
  void ended(const protocol::SpareEnded& how) { ending_.resolve(how); }
  [[nodiscard]] loop::Later<protocol::SpareEnded> ending() const { return ending_; }

  [[nodiscard]] std::uint64_t number() const { return number_; }
  loop::Link& link() { return *link_; }
  [[nodiscard]] bool alive() const { return link_->open(); }

 private:
  std::uint64_t number_;
  base::Fd pidfd_;
  bool killed_ = false;
  std::unique_ptr<loop::Link> link_;
  loop::Later<protocol::SpareEnded> ending_;
};

}  // namespace mcpbox::monitor
