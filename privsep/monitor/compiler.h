// Source in, code out, in a call child that sees the source and nothing else.  What came out is kept per
// source, so that a call does not compile again.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <string>

#include "privsep/loop/task.h"
#include "privsep/monitor/spare.h"
#include "privsep/protocol/messages_call.h"

namespace mcpbox::monitor {

class Monitor;

class Compiler {
 public:
  // Where somebody's compilation is, for whoever wants to withdraw it.
  struct Progress {
    Slots::Place place;          // in the queue
    std::weak_ptr<Spare> child;  // then at work
  };

  explicit Compiler(Monitor& monitor) : m_(monitor) {}

  // The child's report on the source; `code` is empty unless it is valid.  The code is the same with and
  // without schemas beside the source.
  //   server  in whose queue it waits for a CPU slot; {} when it is for none
  //   errors  kBusy      no slot or no process in time;  kCancelled  it was withdrawn while it waited
  //           kTimeout   the child was killed at limits::kCompileTimeoutMs;  kBroken  it died
  loop::Task<std::shared_ptr<const protocol::Compiled>> compile(protocol::Compile order, wire::Id server,
                                                                std::shared_ptr<Progress> progress = {});

 private:
  struct Kept {
    std::shared_ptr<const protocol::Compiled> compiled;
    std::list<wire::Digest>::iterator use;
  };
  void keep(const wire::Digest& digest, const std::shared_ptr<const protocol::Compiled>& compiled);

  Monitor& m_;
  std::map<wire::Digest, Kept> kept_;
  std::list<wire::Digest> by_use_;  // least recently used first
  std::size_t kept_bytes_ = 0;
};

}  // namespace mcpbox::monitor
