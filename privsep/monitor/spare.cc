// Runs in the monitor.  Trusts a call child for nothing but the bytes of its own answer.
#include "privsep/monitor/spare.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

#include "privsep/monitor/dispatch.h"
#include "privsep/monitor/monitor.h"

namespace mcpbox::monitor {

std::shared_ptr<Spare> Spare::make(Monitor& monitor, std::uint64_t number, base::Fd socket, base::Fd pidfd,
                                   std::function<void(Spare&)> violated) {
  std::shared_ptr<Spare> spare(new Spare(number, std::move(pidfd), std::move(violated)));
  spare->peer_ = std::make_shared<Peer>();
  Peer& peer = *spare->peer_;
  peer.instance = monitor.next_instance();
  peer.role = protocol::Role::kCall;
  peer.spare = spare;
  give_link(monitor, spare->peer_, std::move(socket),
            [weak = std::weak_ptr<Spare>(spare)](const base::Error& why) {
              if (const std::shared_ptr<Spare> self = weak.lock()) self->on_closed(why);
            });
  return spare;
}

// The end of its stream is how a process ends, too: of one with a call, its call sees to the rest.
void Spare::on_closed(const base::Error& why) {
  if (why.why != base::Why::kCancelled || work_.call == wire::Id{}) kill();
  if (why.why != base::Why::kInvalid || broke_protocol_) return;
  broke_protocol_ = true;
  violated_(*this);
}

void Spare::kill() {
  if (std::exchange(killed_, true)) return;
  ::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
}

base::Result<base::Fd> Spare::pidfd() const {
  base::Fd copy(::fcntl(pidfd_.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy) return base::fail_errno("no descriptor for a call's process");
  return copy;
}

void Spare::touch_in(Slots::TurnPointer turn) {
  touching_ = true;
  turn_ = std::move(turn);
}

void Spare::work_in(Slots::TurnPointer turn, const Work& work) {
  touching_ = false;
  work_ = work;
  turn_ = std::move(turn);
}

// A child whose job was sent before it was ready holds the job's turn already.
void Spare::is_ready() {
  if (std::exchange(touching_, false)) turn_.reset();
}

void Spare::yield() {
  if (turn_ != nullptr) turn_->yield();
}

}  // namespace mcpbox::monitor
