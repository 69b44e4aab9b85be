// The control groups that the launcher made for calls (launcher/call_groups.h): who may have which.  Without
// any (nothing was delegated) a call child has its resource limits, and no group.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "policy/layers.h"
#include "privsep/base/error.h"
#include "privsep/base/fd.h"

namespace mcpbox::monitor {

class CallGroups {
 public:
  CallGroups() = default;
  CallGroups(const CallGroups&) = delete;
  CallGroups& operator=(const CallGroups&) = delete;

  // Takes what waits on `socket`, whose other end is closed: each slot's cgroup.procs.
  base::Result<void> receive(int socket);
  void add(base::Fd procs);

  [[nodiscard]] std::size_t size() const { return slots_.size(); }
  // Better::kCallGroup where there are any, or nothing.
  [[nodiscard]] policy::Layers forms() const {
    return slots_.empty() ? policy::Layers{0} : policy::Layers{0} | policy::Better::kCallGroup;
  }

  // A slot for as long as this lives; none where there are none.  It is used again after the kernel says that
  // it is empty, so nothing depends on when exactly its last process is gone.
  class Seat {
   public:
    Seat() = default;
    Seat(CallGroups* groups, std::size_t slot) : groups_(groups), slot_(slot) {}
    Seat(Seat&& other) noexcept : groups_(std::exchange(other.groups_, nullptr)), slot_(other.slot_) {}
    Seat& operator=(Seat&& other) noexcept {
      std::swap(groups_, other.groups_);
      std::swap(slot_, other.slot_);
      return *this;
    }
    ~Seat() {
      if (groups_ != nullptr) groups_->free_.push_back(slot_);
    }
    // A copy of the slot's descriptor, to travel to the child; nothing where there is no slot.
    [[nodiscard]] base::Result<std::optional<base::Fd>> descriptor() const;

   private:
    CallGroups* groups_ = nullptr;  // outlives every seat
    std::size_t slot_ = 0;
  };
  // kBusy when somebody is in every slot.
  [[nodiscard]] base::Result<Seat> take();

 private:
  [[nodiscard]] bool is_empty(std::size_t slot) const;

  std::vector<base::Fd> slots_;
  std::deque<std::size_t> free_;  // the one that was given back first, first
};

}  // namespace mcpbox::monitor
