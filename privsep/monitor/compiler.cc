// Runs in the monitor.  The code that comes back is opaque; it is only ever loaded in children of its own
// tool.
#include "privsep/monitor/compiler.h"

#include "privsep/monitor/keys.h"
#include "privsep/protocol/orders.h"

namespace mcpbox::monitor {

namespace limits = policy::limits;

loop::Task<std::shared_ptr<const protocol::Compiled>> Compiler::compile(std::string source) {
  const wire::Digest digest = digest_of({source});
  if (const auto found = kept_.find(digest); found != kept_.end()) {
    by_use_.splice(by_use_.end(), by_use_, found->second.use);
    co_return found->second.compiled;
  }
  std::shared_ptr<Spare> child = co_await spares_.take(limits::kCompileTimeoutMs);
  bool late = false;
  loop::Timer deadline(loop_, [&late, child] {
    late = true;
    child->kill();
  });
  deadline.start(limits::kCompileTimeoutMs);
  protocol::Compile order{.source = std::move(source)};
  base::Result<protocol::Compiled> answer = co_await loop::attempt(child->link().ask(order));
  if (!answer && late)
    co_return base::fail(base::Why::kTimeout,
                         "the code took too long to compile: make it smaller or simpler");
  if (!answer)
    co_return base::fail(base::Why::kBroken, "the process that compiles the code ended: simplify the code");
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
