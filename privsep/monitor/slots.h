// Who may compute now.  About one CPU slot per core: a call takes one before its process computes and passes
// it on when its tool first waits, or after limits::kSlotTurnMs.  First come, first served within a server,
// in turn between servers, so that no server's queue holds up another's.
//
// Memory is given out here too.  A call begins with room for all that its limit allows it; once its tool has
// waited, its room is what it is seen to hold (memory_watch.h).
#pragma once

#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>

#include "policy/limits.h"
#include "privsep/loop/loop.h"
#include "privsep/wire/fields.h"

namespace mcpbox::monitor {

class Slots {
 public:
  struct Counts {
    std::uint32_t slots = 1;
    std::uint64_t memory_bytes = policy::limits::kMemoryBytes;  // what all calls get; at least one's limit
  };

  // A slot, and room for a call's memory.  Lives as long as the process that it was taken for.
  class Turn {
   public:
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    // Gives the slot back; the room stays.  Idempotent.
    void yield();
    // Its room, in bytes: limits::kMemoryBytes at first, or none without room.
    [[nodiscard]] std::uint64_t room() const { return room_; }
    void set_room(std::uint64_t bytes);

   private:
    friend class Slots;
    Turn(Slots& slots, std::uint64_t room, std::int64_t turn_ms);
    Slots& slots_;
    bool has_slot_ = true;
    std::uint64_t room_;
    loop::Timer over_;
  };
  using TurnPointer = std::shared_ptr<Turn>;
  using Place = loop::Later<TurnPointer>;  // in the queue; resolve it with an error to leave

  // All turns must be gone before this is.
  Slots(loop::Loop& loop, Counts counts, std::int64_t turn_ms = policy::limits::kSlotTurnMs)
      : loop_(loop), counts_(counts), turn_ms_(turn_ms) {}
  Slots(const Slots&) = delete;
  Slots& operator=(const Slots&) = delete;

  // A place at the end of this server's queue.  Already resolved when a slot and room are free.
  [[nodiscard]] Place enqueue(const wire::Id& server);

  // Waits there.  kBusy when it took longer than `patience_ms`; the error that somebody resolved it with.
  loop::Task<TurnPointer> wait(Place place, std::int64_t patience_ms);

  // A slot without room, for work that must not hold up calls: null unless nobody waits and one is free.
  [[nodiscard]] TurnPointer take_idle();
  // Called, from the loop, whenever take_idle() may have become possible.
  void when_idle(std::function<void()> action) { when_idle_ = std::move(action); }

  [[nodiscard]] Counts counts() const { return counts_; }
  [[nodiscard]] std::uint32_t slots_used() const { return slots_used_; }
  [[nodiscard]] std::uint64_t memory_used() const { return memory_used_; }
  [[nodiscard]] std::uint32_t waiting() const;
  // What those who wait lack.
  [[nodiscard]] bool out_of_memory() const {
    return memory_used_ + policy::limits::kMemoryBytes > counts_.memory_bytes;
  }

 private:
  struct Queue {
    wire::Id server;
    std::deque<Place> places;
  };
  void serve();
  void serve_soon();
  [[nodiscard]] std::optional<Place> next();

  loop::Loop& loop_;
  Counts counts_;
  std::int64_t turn_ms_;
  std::uint32_t slots_used_ = 0;
  std::uint64_t memory_used_ = 0;
  std::list<Queue> queues_;  // none of them empty; the first one's turn is next
  bool serving_soon_ = false;
  std::function<void()> when_idle_;
};

}  // namespace mcpbox::monitor
