// Runs in mcpboxctl.  Trusts the monitor to decide, but neither its frames nor the texts in them.
#include "admin/ctl/connection.h"

#include <sys/socket.h>

#include "admin/ctl/local_socket.h"
#include "admin/ctl/version.h"

namespace mcpbox::ctl {
namespace {

// A wrong password is answered after up to a minute; beyond this the monitor hangs.
constexpr timeval kPatience{.tv_sec = 120, .tv_usec = 0};

Failure unreachable(std::string text) { return {base::Why::kBroken, std::move(text), false}; }

Failure failure_from(wire::Frame& frame) {
  base::Result<wire::ErrorBody> body = wire::decode<wire::ErrorBody>(frame);
  const bool known = body && body->why >= static_cast<unsigned>(base::Why::kInvalid) &&
                     body->why <= static_cast<unsigned>(base::Why::kBroken);
  if (!known) return unreachable("the monitor gave an error answer that is not one");
  return {static_cast<base::Why>(body->why), std::string(body->text), true};
}

}  // namespace

Answer<Connection> Connection::open(const std::string& path) {
  Answer<base::Fd> socket = connect_local(path);
  if (!socket) return std::unexpected(socket.error());
  return over(std::move(*socket));
}

Answer<Connection> Connection::over(base::Fd socket) {
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience));
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof(kPatience));
  Connection connection(std::move(socket));
  protocol::Hello hello{.layers = 0, .build = kVersion};
  Answer<protocol::Settings> settings = connection.ask(hello);
  if (!settings && !settings.error().answered)
    return std::unexpected(
        unreachable("the monitor closed the connection: too many at once, or it is another build "
                    "than this mcpboxctl " +
                    std::string(kVersion)));
  if (!settings) return std::unexpected(settings.error());
  return connection;
}

Answer<wire::Frame> Connection::exchange(const wire::Frame& asked) {
  const std::size_t most = protocol::Protocol::max_reply_bytes(protocol::Role::kCtl);
  if (!wire::write_frame(socket_.get(), asked))
    return std::unexpected(unreachable("the monitor closed the connection"));
  base::Result<wire::Frame> frame = wire::read_frame(socket_.get(), most);
  if (!frame && (frame.error().sys_errno == EAGAIN || frame.error().why == base::Why::kTimeout))
    return std::unexpected(unreachable("the monitor did not answer in time"));
  if (!frame) return std::unexpected(unreachable("the monitor closed the connection before it answered"));
  if (frame->header.serial != asked.header.serial || frame->header.op != asked.header.op)
    return std::unexpected(unreachable("the monitor answered something that was not asked"));
  if (frame->header.kind == wire::FrameKind::kError) return std::unexpected(failure_from(*frame));
  if (frame->header.kind != wire::FrameKind::kReply)
    return std::unexpected(unreachable("the monitor asked instead of answering"));
  return std::move(*frame);
}

uid_t Connection::daemon_uid() const {
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (::getsockopt(socket_.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return static_cast<uid_t>(-1);
  return peer.uid;
}

}  // namespace mcpbox::ctl
