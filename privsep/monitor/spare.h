// One call child: forked by a zygote, jailed, used for one job, gone.  Destroying it kills it.
#pragma once

#include <functional>
#include <memory>

#include "privsep/base/fd.h"
#include "privsep/monitor/call_groups.h"
#include "privsep/monitor/peer.h"
#include "privsep/monitor/slots.h"
#include "privsep/protocol/messages_zygote.h"

namespace mcpbox::monitor {

class Monitor;

// What a child works for, for the record of its misbehaviour.
struct Work {
  wire::Id tool{};
  wire::Id call{};
  wire::Digest digest{};
};

class Spare : public std::enable_shared_from_this<Spare> {
 public:
  // violated: it sent what no child sends; told once, from the loop.
  static std::shared_ptr<Spare> make(Monitor& monitor, std::uint64_t number, base::Fd socket, base::Fd pidfd,
                                     std::function<void(Spare&)> violated);
  ~Spare() { kill(); }
  Spare(const Spare&) = delete;
  Spare& operator=(const Spare&) = delete;

  // SIGKILL.  Idempotent.
  void kill();

  // It touches its pages in a turn that ends with its SpareReady, and works in one that ends with the
  // process.
  void touch_in(Slots::TurnPointer turn);
  void work_in(Slots::TurnPointer turn, const Work& work);
  // Its own notices.
  void is_ready();
  void yield();

  // The end of its second socket that egress is to get, once.
  void holds(base::Fd egress) { egress_ = std::move(egress); }
  [[nodiscard]] base::Fd take_egress() { return std::move(egress_); }

  // Keeps its control group's slot for as long as this lives.
  void sit(CallGroups::Seat seat) { seat_ = std::move(seat); }

  // The zygote's word on how it ended; arrives shortly after the link closed.  kBroken when the zygote died.
  void ended(base::Result<protocol::SpareEnded> how) { ending_.resolve(std::move(how)); }
  [[nodiscard]] loop::Later<protocol::SpareEnded> ending() const { return ending_; }

  [[nodiscard]] std::uint64_t number() const { return number_; }
  [[nodiscard]] const Work& work() const { return work_; }
  [[nodiscard]] bool broke_protocol() const { return broke_protocol_; }
  loop::Link& link() { return *peer_->link; }
  [[nodiscard]] bool alive() const { return peer_->link->open(); }
  // For looking at what it holds.
  [[nodiscard]] std::weak_ptr<Slots::Turn> turn() const { return turn_; }
  [[nodiscard]] base::Result<base::Fd> pidfd() const;  // a copy

 private:
  Spare(std::uint64_t number, base::Fd pidfd, std::function<void(Spare&)> violated)
      : number_(number), pidfd_(std::move(pidfd)), violated_(std::move(violated)) {}
  void on_closed(const base::Error& why);

  std::uint64_t number_;
  base::Fd pidfd_;
  base::Fd egress_;
  std::function<void(Spare&)> violated_;
  CallGroups::Seat seat_;
  bool killed_ = false;
  bool touching_ = false;
  bool broke_protocol_ = false;
  Work work_;
  Slots::TurnPointer turn_;
  std::shared_ptr<Peer> peer_;
  loop::Later<protocol::SpareEnded> ending_;
};

}  // namespace mcpbox::monitor
