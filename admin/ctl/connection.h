// A connection to the monitor: asks one question at a time and waits for its answer.
#pragma once

#include <sys/types.h>

#include <string>

#include "admin/ctl/failure.h"
#include "privsep/base/fd.h"
#include "privsep/protocol/protocol.h"
#include "privsep/wire/blocking.h"

namespace mcpbox::ctl {

class Connection {
 public:
  // Connects to the control socket at `path` and says Hello.
  [[nodiscard]] static Answer<Connection> open(const std::string& path);
  // Says Hello over a socket that is connected already.
  [[nodiscard]] static Answer<Connection> over(base::Fd socket);

  template <class Request>
  [[nodiscard]] Answer<typename Request::Reply> ask(Request& request) {
    const std::uint32_t serial = next_serial_++;
    const auto op = static_cast<std::uint16_t>(Request::kOp);
    base::Result<wire::Frame> asked = wire::encode(request);
    if (!asked) return std::unexpected(Failure{asked.error().why, asked.error().text, true});
    asked->header.kind = wire::FrameKind::kRequest;
    asked->header.op = op;
    asked->header.serial = serial;
    Answer<wire::Frame> frame = exchange(*asked);
    if (!frame) return std::unexpected(frame.error());
    base::Result<typename Request::Reply> reply = wire::decode<typename Request::Reply>(*frame);
    if (!reply)
      return std::unexpected(
          Failure{base::Why::kBroken, "the monitor gave an answer of another build", false});
    return std::move(*reply);
  }
  template <class Request>
  void ask(const Request&&) = delete;

  // Who bound the control socket, by the kernel's word.  A password goes nowhere else: a folder that somebody
  // prepared could hold a socket that only collects passwords.
  [[nodiscard]] uid_t daemon_uid() const;

 private:
  explicit Connection(base::Fd socket) : socket_(std::move(socket)) {}
  [[nodiscard]] Answer<wire::Frame> exchange(const wire::Frame& asked);

  base::Fd socket_;
  std::uint32_t next_serial_ = 1;
};

}  // namespace mcpbox::ctl
