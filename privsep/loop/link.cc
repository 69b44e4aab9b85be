// Runs in every process with an event loop.  Trusts the peer for nothing: sizes, kinds and counts are checked
// before bytes are kept, and a peer that does not follow the frame format is ended.
#include "privsep/loop/link.h"

#include <fcntl.h>

#include <set>

namespace mcpbox::loop {
namespace {

namespace limits = policy::limits;

constexpr const char* kGone = "the process that should answer is gone";

void make_nonblocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) PANIC("a link that cannot be non-blocking");
}

std::span<const unsigned char> bytes_of(const std::string& text, std::size_t from) {
  return {reinterpret_cast<const unsigned char*>(text.data()) + from, text.size() - from};
}

}  // namespace

base::Error error_of(wire::Frame& frame, ErrorTexts kept) {
  // An Error holds a literal.  The monitor's texts are kept once each: they are its own literals, so there
  // are only so many; beyond that number the kind has to do.
  static std::set<std::string> texts;
  constexpr std::size_t kMostTexts = 512;
  constexpr base::Error kMalformed{base::Why::kBroken, "an error answer that is not one"};
  base::Result<wire::ErrorBody> body = wire::decode<wire::ErrorBody>(frame);
  if (!body || body->why < static_cast<unsigned>(base::Why::kInvalid) ||
      body->why > static_cast<unsigned>(base::Why::kBroken))
    return kMalformed;
  const auto why = static_cast<base::Why>(body->why);
  if (kept == ErrorTexts::kDropped) return {why, "the process could not do what it was asked to"};
  if (texts.size() >= kMostTexts && !texts.contains(body->text)) return {why, ""};
  return {why, texts.insert(body->text).first->c_str()};
}

Link::Link(Loop& loop, base::Fd socket, LinkLimits limits, OnRequest on_request, OnClosed on_closed)
    : loop_(loop),
      socket_(std::move(socket)),
      limits_(limits),
      on_request_(std::move(on_request)),
      on_closed_(std::move(on_closed)),
      readable_(loop, socket_.get(), Ready::kRead, [this] { on_readable(); }),
      writable_(loop, socket_.get(), Ready::kWrite, [this] { on_writable(); }) {
  make_nonblocking(socket_.get());
  readable_.enable();
}

// Whoever waits for an answer may belong to somebody else (a caller's task that asked this link's process),
// so it is told; from the loop, because it may own what is being destroyed here.
Link::~Link() {
  *alive_ = false;
  if (waiting_.empty()) return;
  loop_.soon([waiting = std::move(waiting_)]() mutable {
    for (auto& [serial, later] : waiting) later.resolve(base::fail(base::Why::kBroken, kGone));
  });
}

Later<wire::Frame> Link::send_request(std::uint16_t op, wire::Frame frame) {
  Later<wire::Frame> later;
  if (!open()) {
    later.resolve(base::fail(base::Why::kBroken, kGone));
    return later;
  }
  frame.header.kind = wire::FrameKind::kRequest;
  frame.header.op = op;
  frame.header.serial = next_serial_++;
  waiting_.emplace(frame.header.serial, later);
  send(std::move(frame));
  return later;
}

void Link::finish(const wire::Header& asked, wire::Frame frame) {
  frame.header.op = asked.op;
  frame.header.serial = asked.serial;
  if (unanswered_ > 0) --unanswered_;
  send(std::move(frame));
}

void Link::reply_error(const wire::Header& asked, const base::Error& error) {
  wire::ErrorBody body{.why = static_cast<std::uint8_t>(error.why), .text = std::string_view(error.text)};
  base::Result<wire::Frame> frame = wire::encode(body);
  if (!frame) PANIC("an error text that is not text");
  frame->header.kind = wire::FrameKind::kError;
  finish(asked, std::move(*frame));
}

void Link::send(wire::Frame frame) {
  if (!open()) return;
  const wire::HeaderBytes head = wire::encode_header(frame.header);
  Outgoing out{.bytes = std::string(reinterpret_cast<const char*>(head.data()), head.size()) + frame.payload,
               .fds = std::move(frame.fds)};
  queued_bytes_ += out.bytes.size();
  outgoing_.push_back(std::move(out));
  if (queued_bytes_ > limits::kLinkQueueBytes)
    return close({base::Why::kBroken, "the peer does not read what it asked for"});
  if (outgoing_.size() == 1) on_writable();
  pace();
}

void Link::on_writable() {
  while (open() && !outgoing_.empty()) {
    Outgoing& first = outgoing_.front();
    const std::span<const base::Fd> fds =
        first.sent == 0 ? std::span<const base::Fd>(first.fds) : std::span<const base::Fd>();
    const base::Result<std::size_t> sent =
        wire::send_some(socket_.get(), bytes_of(first.bytes, first.sent), fds);
    if (!sent) return close(sent.error());
    if (*sent == 0) break;
    first.sent += *sent;
    queued_bytes_ -= *sent;
    if (first.sent == first.bytes.size()) outgoing_.pop_front();
  }
  if (!open()) return;
  if (outgoing_.empty())
    writable_.disable();
  else
    writable_.enable();
  pace();
}

// Reading stops while the peer has too much to read itself, or too many requests open.
void Link::pace() {
  if (!open()) return;
  if (queued_bytes_ > limits::kLinkPauseBytes || unanswered_ >= limits::kRequestsPerPeer)
    readable_.disable();
  else
    readable_.enable();
}

void Link::on_readable() {
  const std::shared_ptr<bool> alive = alive_;
  taken_this_turn_ = 0;
  while (*alive && open() && readable_.enabled() && taken_this_turn_ < limits::kFramesPerTurn)
    if (!read_step()) return;
}

// Reads one piece.  False when there is nothing more for now or the link has ended.
bool Link::read_step() {
  const bool heading = head_read_ < wire::kHeaderBytes;
  std::span<unsigned char> into =
      heading ? std::span<unsigned char>(head_).subspan(head_read_)
              : std::span<unsigned char>(reinterpret_cast<unsigned char*>(frame_.payload.data()),
                                         frame_.payload.size())
                    .subspan(payload_read_);
  if (!into.empty()) {
    const std::size_t room = heading && head_read_ == 0 ? limits_.fds_in : 0;
    const base::Result<std::size_t> got = wire::receive_some(socket_.get(), into, room, frame_.fds);
    if (!got) {
      close(got.error());
      return false;
    }
    if (*got == 0) return false;
    (heading ? head_read_ : payload_read_) += *got;
  }
  if (heading && head_read_ == wire::kHeaderBytes) {
    const base::Result<wire::Header> header = wire::decode_header(head_, limits_.max_payload);
    if (!header || frame_.fds.size() != header->fds) {
      close({base::Why::kInvalid, "the peer does not follow the frame format"});
      return false;
    }
    frame_.header = *header;
    frame_.payload.resize(header->length);
  }
  if (head_read_ == wire::kHeaderBytes && payload_read_ == frame_.payload.size()) {
    wire::Frame whole = std::move(frame_);
    frame_ = {};
    head_read_ = payload_read_ = 0;
    ++taken_this_turn_;
    take_frame(std::move(whole));
  }
  return true;
}

void Link::take_frame(wire::Frame frame) {
  using wire::FrameKind;
  if (frame.header.kind == FrameKind::kReply || frame.header.kind == FrameKind::kError)
    return take_answer(std::move(frame));
  if (frame.header.kind == FrameKind::kRequest) ++unanswered_;
  pace();
  on_request_(std::move(frame));
}

void Link::take_answer(wire::Frame frame) {
  const auto found = waiting_.find(frame.header.serial);
  if (found == waiting_.end()) return close({base::Why::kInvalid, "an answer that nobody asked for"});
  Later<wire::Frame> later = found->second;
  waiting_.erase(found);
  if (frame.header.kind == wire::FrameKind::kError)
    later.resolve(std::unexpected(error_of(frame, limits_.error_texts)));
  else
    later.resolve(std::move(frame));
}

void Link::close(base::Error why) {
  if (!open()) return;
  readable_.disable();
  writable_.disable();
  socket_.reset();
  outgoing_.clear();
  queued_bytes_ = 0;
  // From the loop: close() may be called by a task that on_closed would destroy.
  loop_.soon([this, alive = alive_, why] {
    if (!*alive) return;
    auto waiting = std::move(waiting_);
    waiting_.clear();
    for (auto& [serial, later] : waiting)
      later.resolve(base::fail(base::Why::kBroken, "the process that should answer ended", why.sys_errno));
    if (!*alive || !on_closed_) return;
    const OnClosed closed = on_closed_;  // it may destroy this link, and itself with it
    closed(why);
  });
}

}  // namespace mcpbox::loop
