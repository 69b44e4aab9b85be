// The other side of the gateway's link: draft runs, and what is read.
#include "tests/gateway/fake_monitor.h"

namespace mcpbox::test {

using base::Why;

void GatewayProcess::manage_reads(wire::Frame& frame) {
  const wire::Header head = frame.header;
  switch (static_cast<p::Op>(head.op)) {
    case p::Op::kTestCode: {
      p::TestCode order = take<p::TestCode>(frame, "TestCode");
      const bool good = order.arguments != R"({"fail":true})";
      {
        const std::scoped_lock lock(mutex_);
        last_test_ = std::move(order);
      }
      p::CallResult result{.end = good ? p::CallEnd::kOk : p::CallEnd::kToolError};
      result.result =
          good ? content("[1,2]", R"(, "_meta": {"execution": {"is_json": true, "stdout": "out\n"}})")
               : R"({"content":[{"type":"text","text":"ValueError: no"}],"isError":true})";
      return reply(head, std::move(result));
    }
    case p::Op::kRead: {
      const p::Read question = take<p::Read>(frame, "Read");
      if (question.subject == wire::Id{0xee})
        return refuse(head, Why::kNotFound, "there is nothing with this id");
      p::JsonText text;
      if (question.query == p::Query::kGetVersion) {
        if (question.number > 2) return refuse(head, Why::kNotFound, "there is nothing with this id");
        text.json = R"({"version":)" + std::to_string(question.number) + R"(,"name":"echo","timeout_ms":)" +
                    std::to_string(1000 * question.number) +
                    R"(,"input_schema":"{}","icons":"","python_code":"a\nv)" +
                    std::to_string(question.number) + R"(\n"})";
        return reply(head, std::move(text));
      }
      text.json = question.query == p::Query::kGetTool
                      ? R"({"id":"x","server_id":"y","name":"echo","input_schema":"{\"type\": \"object\"}",
                            "current_version":1,"python_code":"async def main():\n    pass\n"})"
                      : R"({"page":)" + std::to_string(question.page) + R"(,"page_size":)" +
                            std::to_string(question.page_size) + R"(, "total": 0, "servers":[], 
 "tools":[],"logs":[],"pending_tools":[]})";
      return reply(head, std::move(text));
    }
    default:
      return manage_authority(frame);
  }
}

}  // namespace mcpbox::test
