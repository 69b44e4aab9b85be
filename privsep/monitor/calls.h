// Calls in flight: one object per call from the check to the recorded outcome.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "privsep/loop/task_set.h"
#include "privsep/monitor/audit_record.h"
#include "privsep/monitor/catalogue.h"
#include "privsep/monitor/compiler.h"
#include "privsep/monitor/conversation.h"
#include "privsep/monitor/flavour.h"
#include "privsep/monitor/request_states.h"
#include "privsep/monitor/spare.h"
#include "privsep/monitor/tickets.h"
#include "privsep/protocol/messages_call.h"
#include "privsep/protocol/messages_egress.h"

namespace mcpbox::monitor {

class Monitor;
struct StoredSecret;

// What is to be run, as the gateway asked for it.
struct Job {
  protocol::RunMode mode = protocol::RunMode::kCall;
  bool draft =
      false;  // of a test: no more than a draft run, whatever the tool's approval; see Calls::admit()
  protocol::Method method = protocol::Method::kToolsCall;
  wire::Id tool{};
  std::string wire_name;  // what the body must name
  std::string body;
  std::string arguments_log;
  std::string client;
  Principal caller;
  wire::Id request{};  // the gateway's own number, for CancelCall
  Instance gateway = 0;
  std::weak_ptr<Peer> asker;                 // its link: for what the call says meanwhile
  std::optional<protocol::Session> session;  // of a legacy call
  std::string request_state;                 // of a repeated call, sealed
};

// Why a child was killed before it could answer.
enum class Killed : std::uint8_t {
  kNot,
  kDeadline,   // its time was over
  kCancelled,  // nobody waits for it
  kAuthority,  // what allowed it was taken away: freeze, disable, change
  kFlood,      // it said more than anybody could read
  kMemory,     // it waited, then took more than was left for all calls
  kStop,       // MCPbox stops, and it did not finish in time
};

// What was wrong with a child that gave no outcome, as far as its link tells.
enum class Fault : std::uint8_t {
  kNone,
  kBrokeProtocol,  // it sent what no child sends
  kNoReport,       // it answered that it has no outcome
  kHungUp,         // it closed its link and lived on
};

struct Call {
  wire::Id id{};
  Job job;
  wire::Id server{};
  wire::Digest digest{};  // of exactly what runs
  std::uint32_t timeout_ms = 0;
  std::int64_t opened_ms = 0;
  std::int64_t started_ms = 0;  // go was sent; 0 before
  std::int64_t ended_ms = 0;
  bool went = false;
  bool network = false;                                          // its flavour has httpx, and it is no draft
  std::uint32_t egress_denied = 0;                               // as they were reported; the end tells more
  std::optional<loop::Later<protocol::NetworkUse>> network_use;  // when it had one: told after its end
  Fault fault = Fault::kNone;
  Killed killed = Killed::kNot;
  Slots::Place place;  // in the queue, before there is a child
  std::shared_ptr<Compiler::Progress> compiling = std::make_shared<Compiler::Progress>();
  std::shared_ptr<Spare> child;
  Flavour flavour;  // the packages that it has beside the default modules
  std::map<std::string, std::string>
      placeholders;  // of this call alone: placeholder -> key of a sealed secret
  Conversation talk;
  std::optional<RequestStates::Opened> state;  // of a repeated call
  std::unique_ptr<loop::Timer> deadline;
  std::int64_t deadline_ms = 0;  // when it passes, while nobody is being waited for
  std::int64_t asked_ms = 0;     // since when somebody is
  std::int64_t waited_ms = 0;    // in all, before that
  loop::Later<protocol::CallResult> result;
};

class Calls {
 public:
  explicit Calls(Monitor& monitor) : m_(monitor) {}

  // Checks, records, runs, records.
  //   kNotFound  no such published tool       kBusy     a limit is reached
  //   kRefused   frozen, or audit unwritable  kConflict changed while starting
  // In all of these nothing was executed.  Everything else is a CallResult.
  loop::Task<protocol::CallResult> run(Job job);

  // From the child of a running call: a line for its client, a question to it.  kInvalid when there is no
  // such call: the child is not what it should be.
  base::Result<void> say(const Spare& from, protocol::Say line);
  loop::Task<protocol::ClientAnswer> ask_client(std::shared_ptr<Spare> from, protocol::AskClient question);
  // From a gateway: what the client answered.  kNotFound unless this caller's call asked this in this
  // session.
  base::Result<void> answer(Instance gateway, const std::string& who, protocol::AnswerCall answer);

  // Kills what matches.  The outcome of each says why.
  void cancel(Instance gateway, const wire::Id& request);
  void cancel_all_of(Instance gateway);
  void kill_calls_of_tool(const wire::Id& tool);
  void kill_calls_with_package(std::string_view package);
  void kill_calls_of_caller(const std::string& who);
  void kill_all();
  // MCPbox stops, and these did not finish in time.
  void kill_for_stop();

  // A live call, or null.
  [[nodiscard]] Call* find(const wire::Id& id);
  [[nodiscard]] const Call* find(const wire::Id& id) const;
  // The sealed secret that a placeholder stands for in this very call, while it runs; else null.
  [[nodiscard]] const StoredSecret* secret_behind(const wire::Id& call, const std::string& placeholder) const;
  // A call's tool waits: from now on it has room for what it holds.  Said
  // once (protocol.h).
  void waits(const wire::Id& call);

  [[nodiscard]] std::size_t in_flight() const { return calls_.size(); }

 private:
  using CallPointer = std::shared_ptr<Call>;
  base::Result<CallPointer> admit(Job job);
  CallPointer running_in(const Spare& child);
  [[nodiscard]] base::Result<void> may_ask(const Call& call, const protocol::AskClient& question) const;
  void tell_everybody(const Call& call, protocol::Say line);
  void pause_deadline(Call& call);
  void resume_deadline(Call& call);
  void seal_state(const Call& call, protocol::Outcome& outcome, protocol::CallResult& result);
  [[nodiscard]] base::Result<void> check_room(const Tool& tool, const Job& job) const;
  loop::Task<> carry_out(CallPointer call);
  static void find_fault(Call& call);
  loop::Task<> record_intent(CallPointer call, loop::Later<std::uint64_t> done);
  loop::Task<protocol::Outcome> prepare_and_go(CallPointer call, loop::Later<std::uint64_t> intent);
  loop::Task<> get_child(CallPointer call, Flavour flavour);
  [[nodiscard]] base::Result<void> check_again(const Call& call) const;
  loop::Task<protocol::Outcome> go(CallPointer call);
  loop::Task<> connect(CallPointer call);
  base::Result<void> put_secrets(Call& call, protocol::Go& order) const;
  loop::Task<protocol::SpareEnded> how_it_ended(CallPointer call);
  loop::Task<> watch_memory(CallPointer call);
  void kill(Call& call, Killed why);
  void write_log(const Call& call, const protocol::CallResult& result,
                 const base::Result<protocol::Outcome>& outcome,
                 const base::Result<protocol::SpareEnded>& ending, protocol::NetworkUse use);
  loop::Task<protocol::NetworkUse> network_use(CallPointer call);

  Monitor& m_;
  std::map<wire::Id, CallPointer> calls_;
  loop::TaskSet tasks_;
};

}  // namespace mcpbox::monitor
