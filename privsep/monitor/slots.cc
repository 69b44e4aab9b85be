// Runs in the monitor.  Counts; trusts no child's word for more than giving its own slot away.
#include "privsep/monitor/slots.h"

#include <algorithm>

#include "privsep/monitor/call_end.h"

namespace mcpbox::monitor {

Slots::Turn::Turn(Slots& slots, std::uint64_t room, std::int64_t turn_ms)
    : slots_(slots), room_(room), over_(slots.loop_, [this] { yield(); }) {
  ++slots_.slots_used_;
  slots_.memory_used_ += room_;
  over_.start(turn_ms);
}

Slots::Turn::~Turn() {
  yield();
  set_room(0);
}

void Slots::Turn::set_room(std::uint64_t bytes) {
  const std::uint64_t before = std::exchange(room_, bytes);
  slots_.memory_used_ = slots_.memory_used_ - before + bytes;
  if (bytes < before) slots_.serve_soon();
}

void Slots::Turn::yield() {
  if (!std::exchange(has_slot_, false)) return;
  over_.stop();
  --slots_.slots_used_;
  slots_.serve_soon();
}

Slots::Place Slots::enqueue(const wire::Id& server) {
  Place place;
  const auto queue = std::ranges::find(queues_, server, &Queue::server);
  if (queue == queues_.end())
    queues_.push_back({server, {place}});
  else
    queue->places.push_back(place);
  serve();
  return place;
}

loop::Task<Slots::TurnPointer> Slots::wait(Place place, std::int64_t patience_ms) {
  loop::Timer patience(loop_, [this, place]() mutable {
    place.resolve(base::fail(base::Why::kBusy, out_of_memory() ? words::kNoMemory : words::kNoSlot));
  });
  patience.start(patience_ms);
  base::Result<TurnPointer> turn = co_await place.result();
  co_return turn;
}

Slots::TurnPointer Slots::take_idle() {
  if (slots_used_ >= counts_.slots || waiting() > 0) return nullptr;
  return TurnPointer(new Turn(*this, 0, turn_ms_));
}

std::uint32_t Slots::waiting() const {
  std::size_t unresolved = 0;
  for (const Queue& queue : queues_)
    unresolved += static_cast<std::size_t>(
        std::ranges::count_if(queue.places, [](const Place& place) { return !place.resolved(); }));
  return static_cast<std::uint32_t>(unresolved);
}

// Whoever is first in the first server's queue; that server goes to the end of the line.
std::optional<Slots::Place> Slots::next() {
  while (!queues_.empty()) {
    Queue& queue = queues_.front();
    Place place = queue.places.front();
    queue.places.pop_front();
    const bool gone = place.resolved();
    if (queue.places.empty())
      queues_.pop_front();
    else if (!gone)
      queues_.splice(queues_.end(), queues_, queues_.begin());
    if (!gone) return place;
  }
  return std::nullopt;
}

// Resolving a place runs whoever waits there, who may come back here: nothing is kept across it.
void Slots::serve() {
  while (slots_used_ < counts_.slots && !out_of_memory()) {
    std::optional<Place> place = next();
    if (!place) break;
    place->resolve(TurnPointer(new Turn(*this, policy::limits::kMemoryBytes, turn_ms_)));
  }
}

// From the loop: turns end in the middle of other people's work.
void Slots::serve_soon() {
  if (std::exchange(serving_soon_, true)) return;
  loop_.soon([this] {
    serving_soon_ = false;
    serve();
    if (when_idle_ && slots_used_ < counts_.slots && waiting() == 0) when_idle_();
  });
}

}  // namespace mcpbox::monitor
