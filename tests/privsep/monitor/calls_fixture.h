// A monitor with one approved tool, a fake zygote, and callers.
#pragma once

#include "tests/privsep/monitor/fake_executor.h"

namespace mcpbox::monitor {

using protocol::CallEnd;
using protocol::RunMode;

class CallsTest : public MonitorTest {
 public:
  CallsTest() {
    approve_tool();
    monitor.spares.start();
  }
  Job job(RunMode mode = RunMode::kCall) {
    return {.mode = mode,
            .tool = tool_id,
            .wire_name = "srv__greet",
            .body = "{}",
            .caller = {.who = "unix:alice"}};
  }
  base::Result<protocol::CallResult> call(RunMode mode = RunMode::kCall) {
    return finish(monitor.calls.run(job(mode)));
  }

  FakeExecutor executor{event_loop, launcher};
};

}  // namespace mcpbox::monitor
