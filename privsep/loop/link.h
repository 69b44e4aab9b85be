// One end of a link in a process with an event loop: asks, answers, and keeps the link within its budget.
//
//   const loop::Reply... = co_await link.ask(request);   // ends the task with the peer's error
//
// Incoming requests and notices go to `on_request` one frame at a time; answers find their asker by serial.
// Back-pressure: while more than limits::kLinkPauseBytes are queued to the peer, or kRequestsPerPeer of its
// requests are unanswered, nothing is read from it.  Over limits::kLinkQueueBytes the peer is ended.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <unordered_map>

#include "policy/limits.h"
#include "privsep/loop/loop.h"
#include "privsep/wire/blocking.h"
#include "privsep/wire/fields.h"

namespace mcpbox::loop {

// What becomes of the text of an error answer.
enum class ErrorTexts : unsigned char {
  kKept,     // from the monitor: it is for whoever asked
  kDropped,  // from a process that may be stolen: its kind is all that counts
};

struct LinkLimits {
  std::size_t max_payload = policy::limits::kMiB;  // of a frame that the peer may send
  std::size_t fds_in = 0;                          // descriptors that the peer may attach to a frame
  ErrorTexts error_texts = ErrorTexts::kKept;
};

class Link {
 public:
  using OnRequest = std::function<void(wire::Frame)>;
  using OnClosed = std::function<void(base::Error)>;

  // The socket is made non-blocking.  on_closed is called at most once, from the loop, after which nothing
  // more arrives and every unanswered ask() has failed with kBroken.  Neither callback may destroy the link
  // while it runs: hand that to Loop::soon().
  Link(Loop& loop, base::Fd socket, LinkLimits limits, OnRequest on_request, OnClosed on_closed);
  // Every ask() that is still unanswered fails with kBroken, from the loop.
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  // Asks and waits for the answer.  Fails with the peer's error, or kBroken when the link ends first.  An
  // answer that does not decode ends the peer.
  template <class Request>
  Task<typename Request::Reply> ask(Request& request) {
    base::Result<wire::Frame> frame = wire::encode(request);
    if (!frame) co_return std::unexpected(frame.error());
    Later<wire::Frame> later = send_request(static_cast<std::uint16_t>(Request::kOp), std::move(*frame));
    base::Result<wire::Frame> answer = co_await later.result();
    if (!answer) co_return std::unexpected(answer.error());
    base::Result<typename Request::Reply> reply = wire::decode<typename Request::Reply>(*answer);
    if (!reply) close({base::Why::kInvalid, "an answer that is not one"});
    co_return reply;
  }
  template <class Request>
  void ask(const Request&&) = delete;

  // Sends without expecting an answer.
  template <class Notice>
  base::Result<void> notify(Notice& notice) {
    base::Result<wire::Frame> frame = wire::encode(notice);
    if (!frame) return std::unexpected(frame.error());
    frame->header.kind = wire::FrameKind::kNotice;
    frame->header.op = static_cast<std::uint16_t>(Notice::kOp);
    send(std::move(*frame));
    return {};
  }

  // Answers the request with this header.  An answer that does not encode becomes an error answer.
  template <class Answer>
  void reply(const wire::Header& asked, Answer& answer) {
    base::Result<wire::Frame> frame = wire::encode(answer);
    if (!frame) return reply_error(asked, frame.error());
    frame->header.kind = wire::FrameKind::kReply;
    finish(asked, std::move(*frame));
  }
  void reply_error(const wire::Header& asked, const base::Error& error);

  // Ends the link now; on_closed follows from the loop.
  void close(base::Error why);
  [[nodiscard]] bool open() const { return static_cast<bool>(socket_); }
  [[nodiscard]] int fd() const { return socket_.get(); }
  [[nodiscard]] std::size_t queued_bytes() const { return queued_bytes_; }

 private:
  struct Outgoing {
    std::string bytes;  // header and payload
    std::vector<base::Fd> fds;
    std::size_t sent = 0;
  };

  Later<wire::Frame> send_request(std::uint16_t op, wire::Frame frame);
  void finish(const wire::Header& asked, wire::Frame frame);
  void send(wire::Frame frame);
  void on_readable();
  void on_writable();
  bool read_step();
  void take_frame(wire::Frame frame);
  void take_answer(wire::Frame frame);
  void pace();

  Loop& loop_;
  base::Fd socket_;
  LinkLimits limits_;
  OnRequest on_request_;
  OnClosed on_closed_;
  Watch readable_;
  Watch writable_;
  std::deque<Outgoing> outgoing_;
  std::size_t queued_bytes_ = 0;
  std::uint32_t unanswered_ = 0;
  std::uint32_t next_serial_ = 1;
  std::unordered_map<std::uint32_t, Later<wire::Frame>> waiting_;

  wire::HeaderBytes head_{};
  std::size_t head_read_ = 0;
  wire::Frame frame_;
  std::size_t payload_read_ = 0;
  std::uint32_t taken_this_turn_ = 0;
  std::shared_ptr<bool> alive_ =
      std::make_shared<bool>(true);  // false once destroyed, seen by loop callbacks
};

// Makes an Error out of an error answer: the text is one of the peer's literals and lives as long as this
// process, in a table that cannot grow past its bound.
base::Error error_of(wire::Frame& frame, ErrorTexts texts);

}  // namespace mcpbox::loop
