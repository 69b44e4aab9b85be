// Runs in the monitor.  The code that comes back is opaque; it is only ever loaded in children of its own
// tool.
#include "privsep/monitor/compiler.h"

#include "privsep/monitor/call_end.h"
#include "privsep/monitor/keys.h"
#include "privsep/monitor/monitor.h"
#include "privsep/protocol/orders.h"

namespace mcpbox::monitor {

namespace limits = policy::limits;

loop::Task<std::shared_ptr<const protocol::Compiled>> Compiler::compile(protocol::Compile order,
                                                                        wire::Id server,
                                                                        std::shared_ptr<Progress> progress) {
  const wire::Digest digest = digest_of({order.source, order.input_schema, order.output_schema});
  if (const auto found = kept_.find(digest); found != kept_.end()) {
    by_use_.splice(by_use_.end(), by_use_, found->second.use);
    co_return found->second.compiled;
  }
  const Slots::Place place = m_.slots.enqueue(server);
  if (progress != nullptr) progress->place = place;
  Slots::TurnPointer turn = co_await m_.slots.wait(place, limits::kTurnPatienceMs);
  const Flavour standard;
  const std::shared_ptr<Spare> child = co_await m_.spares.take(standard, m_.spare_patience_ms);
  const Work work{.digest = digest};
  child->work_in(std::move(turn), work);
  if (progress != nullptr) progress->child = child;
  bool late = false;
  loop::Timer deadline(m_.loop, [&late, child] {
    late = true;
    child->kill();
  });
  deadline.start(limits::kCompileTimeoutMs);
  base::Result<protocol::Compiled> answer = co_await loop::attempt(child->link().ask(order));
  if (!answer && late) co_return base::fail(base::Why::kTimeout, words::kCompileTooLong);
  if (!answer) co_return base::fail(base::Why::kBroken, words::kCompileDied);
  auto compiled = std::make_shared<const protocol::Compiled>(std::move(*answer));
  if (compiled->report.valid) keep(digest, compiled);
  co_return compiled;
}

void Compiler::keep(const wire::Digest& digest, const std::shared_ptr<const protocol::Compiled>& compiled) {
  if (kept_.contains(digest)) return;
  by_use_.push_back(digest);
  kept_bytes_ += compiled->code.size();
  kept_[digest] = {compiled, std::prev(by_use_.end())};
  while (kept_bytes_ > limits::kCompiledCacheBytes && by_use_.size() > 1) {
    const auto oldest = kept_.find(by_use_.front());
    kept_bytes_ -= oldest->second.compiled->code.size();
    kept_.erase(oldest);
    by_use_.pop_front();
  }
}

}  // namespace mcpbox::monitor
