// Everything that any peer can ask of the monitor.  If it is not a row here, asking ends the asker.
// The monitor's dispatch() is the only reader: known op, right role, right state, full decode, handler,
// answer, new state.  A failed check ends the peer; a failed decision is a refusal.
#pragma once

#include "privsep/protocol/messages_access.h"
#include "privsep/protocol/messages_activity.h"
#include "privsep/protocol/messages_admin.h"
#include "privsep/protocol/messages_attack.h"
#include "privsep/protocol/messages_audit.h"
#include "privsep/protocol/messages_call.h"
#include "privsep/protocol/messages_calls.h"
#include "privsep/protocol/messages_clients.h"
#include "privsep/protocol/messages_common.h"
#include "privsep/protocol/messages_ctl.h"
#include "privsep/protocol/messages_egress.h"
#include "privsep/protocol/messages_grants.h"
#include "privsep/protocol/messages_keys.h"
#include "privsep/protocol/messages_manage.h"
#include "privsep/protocol/messages_metrics.h"
#include "privsep/protocol/messages_modules.h"
#include "privsep/protocol/messages_remote.h"
#include "privsep/protocol/messages_secrets.h"
#include "privsep/protocol/messages_settings.h"
#include "privsep/protocol/messages_zygote.h"
#include "privsep/protocol/table.h"

namespace mcpbox::loop {
template <class T>
class Task;
}

namespace mcpbox::monitor {

class Monitor;
struct Peer;
namespace p = mcpbox::protocol;
template <class T>
using Answer = loop::Task<T>;

// The answers, one file per noun in privsep/monitor.  Children name them here and link none of them.
Answer<p::Settings> on_hello(Monitor& m, Peer& asker, p::Hello q);
Answer<p::Principal> on_authenticate(Monitor& m, Peer& asker, p::Authenticate q);
Answer<p::Principal> on_authenticate_remote(Monitor& m, Peer& asker, p::AuthenticateRemote q);
Answer<p::Session> on_open_session(Monitor& m, Peer& asker, p::OpenSession q);
Answer<p::Done> on_set_log_level(Monitor& m, Peer& asker, p::SetLogLevel q);
Answer<p::Session> on_find_session(Monitor& m, Peer& asker, p::FindSession q);
Answer<p::Done> on_close_session(Monitor& m, Peer& asker, p::CloseSession q);
Answer<p::Done> on_subscribe(Monitor& m, Peer& asker, p::Subscribe q);
Answer<p::SubscriptionPage> on_list_subscriptions(Monitor& m, Peer& asker, p::ListSubscriptions q);
Answer<p::ToolPage> on_list_published(Monitor& m, Peer& asker, p::ListPublished q);
Answer<p::CallResult> on_open_call(Monitor& m, Peer& asker, p::OpenCall q);
Answer<p::Done> on_cancel_call(Monitor& m, Peer& asker, p::CancelCall q);
Answer<p::Done> on_answer_call(Monitor& m, Peer& asker, p::AnswerCall q);
Answer<p::JsonText> on_read(Monitor& m, Peer& asker, p::Read q);
Answer<p::ServerInfo> on_create_server(Monitor& m, Peer& asker, p::CreateServer q);
Answer<p::ServerInfo> on_start_server(Monitor& m, Peer& asker, p::StartServer q);
Answer<p::ServerInfo> on_stop_server(Monitor& m, Peer& asker, p::StopServer q);
Answer<p::ToolSaved> on_create_tool(Monitor& m, Peer& asker, p::CreateTool q);
Answer<p::ToolSaved> on_update_tool(Monitor& m, Peer& asker, p::UpdateTool q);
Answer<p::CodeReport> on_validate_code(Monitor& m, Peer& asker, p::ValidateCode q);
Answer<p::CallResult> on_test_code(Monitor& m, Peer& asker, p::TestCode q);
Answer<p::ToolSaved> on_request_publish(Monitor& m, Peer& asker, p::RequestPublish q);
Answer<p::ToolSaved> on_rollback_tool(Monitor& m, Peer& asker, p::RollbackTool q);
Answer<p::Done> on_delete_tool(Monitor& m, Peer& asker, p::DeleteTool q);
Answer<p::ServerInfo> on_delete_server(Monitor& m, Peer& asker, p::DeleteServer q);
Answer<p::Done> on_spare_ended(Monitor& m, Peer& asker, p::SpareEnded q);
Answer<p::Done> on_spare_ready(Monitor& m, Peer& asker, p::SpareReady q);
Answer<p::Done> on_waits(Monitor& m, Peer& asker, p::Waits q);
Answer<p::Done> on_say(Monitor& m, Peer& asker, p::Say q);
Answer<p::ClientAnswer> on_ask_client(Monitor& m, Peer& asker, p::AskClient q);
Answer<p::Done> on_unlock(Monitor& m, Peer& asker, p::Unlock q);
Answer<p::Status> on_get_status(Monitor& m, Peer& asker, p::GetStatus q);
Answer<p::JsonText> on_read_logs(Monitor& m, Peer& asker, p::ReadLogs q);
Answer<p::JsonText> on_admin_read(Monitor& m, Peer& asker, p::AdminRead q);
Answer<p::ToolDetail> on_show_tool(Monitor& m, Peer& asker, p::ShowTool q);
Answer<p::ToolSaved> on_approve(Monitor& m, Peer& asker, p::Approve q);
Answer<p::ToolSaved> on_reject(Monitor& m, Peer& asker, p::Reject q);
Answer<p::ToolSaved> on_revoke(Monitor& m, Peer& asker, p::Revoke q);
Answer<p::ServerInfo> on_change_server(Monitor& m, Peer& asker, p::ChangeServer q);
Answer<p::Done> on_remove(Monitor& m, Peer& asker, p::Remove q);
Answer<p::Done> on_freeze(Monitor& m, Peer& asker, p::Freeze q);
Answer<p::Done> on_thaw(Monitor& m, Peer& asker, p::Thaw q);
Answer<p::Done> on_set_password(Monitor& m, Peer& asker, p::SetPassword q);
Answer<p::AttackReport> on_self_attack(Monitor& m, Peer& asker, p::SelfAttack q);
Answer<p::AdminState> on_get_admin_state(Monitor& m, Peer& asker, p::GetAdminState q);
Answer<p::SessionGiven> on_sign_in(Monitor& m, Peer& asker, p::SignIn q);
Answer<p::SessionGiven> on_set_up(Monitor& m, Peer& asker, p::SetUp q);
Answer<p::SetupCode> on_make_setup_code(Monitor& m, Peer& asker, p::MakeSetupCode q);
Answer<p::SessionReply> on_in_session(Monitor& m, Peer& asker, p::InSession q);
Answer<p::SessionPage> on_list_sessions(Monitor& m, Peer& asker, p::ListSessions q);
Answer<p::Done> on_end_session(Monitor& m, Peer& asker, p::EndSession q);
Answer<p::Done> on_change_password(Monitor& m, Peer& asker, p::ChangePassword q);
Answer<p::Done> on_remove_admin(Monitor& m, Peer& asker, p::RemoveAdmin q);
Answer<p::Done> on_report_denied(Monitor& m, Peer& asker, p::ReportDenied q);
Answer<p::SecretValue> on_read_secret(Monitor& m, Peer& asker, p::ReadSecret q);
Answer<p::GrantAsked> on_request_host(Monitor& m, Peer& asker, p::RequestHost q);
Answer<p::GrantAsked> on_request_module(Monitor& m, Peer& asker, p::RequestModule q);
Answer<p::GrantPage> on_list_grants(Monitor& m, Peer& asker, p::ListGrants q);
Answer<p::GrantPage> on_review_grants(Monitor& m, Peer& asker, p::ReviewGrants q);
Answer<p::GrantDetail> on_show_grant(Monitor& m, Peer& asker, p::ShowGrant q);
Answer<p::GrantInfo> on_decide_grant(Monitor& m, Peer& asker, p::DecideGrant q);
Answer<p::GrantDetail> on_add_host(Monitor& m, Peer& asker, p::AddHost q);
Answer<p::GrantDetail> on_add_module(Monitor& m, Peer& asker, p::AddModule q);
Answer<p::ModulePage> on_list_modules(Monitor& m, Peer& asker, p::ListModules q);
Answer<p::SecretInfo> on_create_secret(Monitor& m, Peer& asker, p::CreateSecret q);
Answer<p::SecretPage> on_list_secrets(Monitor& m, Peer& asker, p::ListSecrets q);
Answer<p::SecretPage> on_review_secrets(Monitor& m, Peer& asker, p::ReviewSecrets q);
Answer<p::SecretInfo> on_set_secret(Monitor& m, Peer& asker, p::SetSecret q);
Answer<p::Done> on_delete_secret(Monitor& m, Peer& asker, p::DeleteSecret q);
Answer<p::SettingValues> on_read_settings(Monitor& m, Peer& asker, p::ReadSettings q);
Answer<p::SettingValues> on_change_setting(Monitor& m, Peer& asker, p::ChangeSetting q);
Answer<p::SettingValues> on_apply_profile(Monitor& m, Peer& asker, p::ApplyProfile q);
Answer<p::AuditHead> on_get_audit_head(Monitor& m, Peer& asker, p::GetAuditHead q);
Answer<p::AuditPage> on_read_audit(Monitor& m, Peer& asker, p::ReadAudit q);
Answer<p::CheckpointPage> on_read_checkpoints(Monitor& m, Peer& asker, p::ReadCheckpoints q);
Answer<p::ActivityPage> on_watch_activity(Monitor& m, Peer& asker, p::WatchActivity q);
Answer<p::Metrics> on_get_metrics(Monitor& m, Peer& asker, p::GetMetrics q);
Answer<p::ClientTokenGiven> on_create_client_token(Monitor& m, Peer& asker, p::CreateClientToken q);
Answer<p::ClientTokenPage> on_list_client_tokens(Monitor& m, Peer& asker, p::ListClientTokens q);
Answer<p::Done> on_revoke_client_token(Monitor& m, Peer& asker, p::RevokeClientToken q);
Answer<p::JsonText> on_read_stats(Monitor& m, Peer& asker, p::ReadStats q);
Answer<p::RemoteState> on_read_remote(Monitor& m, Peer& asker, p::ReadRemote q);
Answer<p::RemoteState> on_set_remote_worker(Monitor& m, Peer& asker, p::SetRemoteWorker q);
Answer<p::RemoteState> on_set_remote_policy(Monitor& m, Peer& asker, p::SetRemotePolicy q);
Answer<p::AuditPruned> on_prune_audit(Monitor& m, Peer& asker, p::PruneAudit q);
Answer<p::KeyUse> on_check_key(Monitor& m, Peer& asker, p::CheckKey q);
Answer<p::KeyRotated> on_rotate_key(Monitor& m, Peer& asker, p::RotateKey q);

}  // namespace mcpbox::monitor

namespace mcpbox::protocol {

inline constexpr Roles kLocalOnly = set_of(Role::kNetLocal);
inline constexpr Roles kTunnelOnly = set_of(Role::kNetTunnel);
inline constexpr Roles kNet = Role::kNetLocal | Role::kNetTunnel;
inline constexpr Roles kZygoteOnly = set_of(Role::kZygote);
inline constexpr Roles kCallOnly = set_of(Role::kCall);
inline constexpr Roles kCtlOnly = set_of(Role::kCtl);
inline constexpr Roles kAdminOnly = set_of(Role::kAdmin);
inline constexpr Roles kEgressOnly = set_of(Role::kEgress);
// A person who decides: at a terminal, or signed in at the admin process.
inline constexpr Roles kPeople = Role::kCtl | Role::kAdmin;
// A caller of a gateway, or a person signed in at the admin process.
inline constexpr Roles kManage = Role::kNetLocal | Role::kNetTunnel | Role::kAdmin;
// The same, and a person at a terminal: the answer asks for a ticket, which only gateways get, or the right
// to decide.
inline constexpr Roles kManageOrCtl = kManage | Role::kCtl;
inline constexpr Roles kSayHello = Role::kNetLocal | Role::kNetTunnel | Role::kZygote | Role::kCtl |
                                   Role::kAdmin | Role::kEgress | Role::kDialer;
inline constexpr State kNew = State::kConnected;
inline constexpr State kServing = State::kServing;
inline constexpr State kDeciding = State::kDeciding;
inline constexpr States kKnown = State::kServing | State::kDeciding;
inline constexpr States kRunning = State::kServing | State::kYielded;
inline constexpr State kYielded = State::kYielded;
inline constexpr State kStay = State::kStay;

namespace on = mcpbox::monitor;

// clang-format off
struct Protocol : Table<
    //   request         reply       who may ask   while      then       answered by
    Row< Hello,          Settings,   kSayHello,    kNew,      kServing,  on::on_hello           >,
    // a gateway, for a caller whom the monitor has named
    Row< Authenticate,   Principal,  kLocalOnly,   kServing,  kStay,     on::on_authenticate    >,
    Row< AuthenticateRemote, Principal, kTunnelOnly, kServing, kStay,    on::on_authenticate_remote >,
    Row< OpenSession,    Session,    kNet,         kServing,  kStay,     on::on_open_session    >,
    Row< FindSession,    Session,    kNet,         kServing,  kStay,     on::on_find_session    >,
    Row< SetLogLevel,    Done,       kNet,         kServing,  kStay,     on::on_set_log_level    >,
    Row< CloseSession,   Done,       kNet,         kServing,  kStay,     on::on_close_session   >,
    Row< Subscribe,      Done,       kNet,         kServing,  kStay,     on::on_subscribe       >,
    Row< ListSubscriptions, SubscriptionPage, kNet, kServing, kStay,    on::on_list_subscriptions >,
    Row< ListPublished,  ToolPage,   kNet,         kServing,  kStay,     on::on_list_published  >,
    Row< OpenCall,       CallResult, kNet,         kServing,  kStay,     on::on_open_call       >,
    Row< CancelCall,     Done,       kNet,         kServing,  kStay,     on::on_cancel_call     >,
    Row< AnswerCall,     Done,       kNet,         kServing,  kStay,     on::on_answer_call      >,
    Row< Read,           JsonText,   kNet,         kServing,  kStay,     on::on_read            >,
    Row< CreateServer,   ServerInfo, kManageOrCtl, kKnown,    kStay,     on::on_create_server   >,
    Row< StartServer,    ServerInfo, kManageOrCtl, kKnown,    kStay,     on::on_start_server    >,
    Row< StopServer,     ServerInfo, kManageOrCtl, kKnown,    kStay,     on::on_stop_server     >,
    Row< CreateTool,     ToolSaved,  kManageOrCtl, kKnown,    kStay,     on::on_create_tool     >,
    Row< UpdateTool,     ToolSaved,  kManageOrCtl, kKnown,    kStay,     on::on_update_tool     >,
    Row< ValidateCode,   CodeReport, kManage,      kKnown,    kStay,     on::on_validate_code   >,
    Row< TestCode,       CallResult, kManage,      kKnown,    kStay,     on::on_test_code       >,
    Row< RequestPublish, ToolSaved,  kManageOrCtl, kKnown,    kStay,     on::on_request_publish >,
    Row< RollbackTool,   ToolSaved,  kManageOrCtl, kKnown,    kStay,     on::on_rollback_tool   >,
    Row< DeleteTool,     Done,       kManage,      kKnown,    kStay,     on::on_delete_tool     >,
    Row< DeleteServer,   ServerInfo, kManage,      kKnown,    kStay,     on::on_delete_server   >,
    Row< RequestHost,    GrantAsked,   kNet,         kServing,  kStay,     on::on_request_host      >,
    Row< RequestModule,  GrantAsked,   kNet,         kServing,  kStay,     on::on_request_module    >,
    Row< ListGrants,     GrantPage,    kNet,         kServing,  kStay,     on::on_list_grants       >,
    Row< ListModules,    ModulePage,   kManage,      kKnown,    kStay,     on::on_list_modules      >,
    Row< CreateSecret,   SecretInfo,   kManageOrCtl, kKnown,   kStay,     on::on_create_secret     >,
    Row< ListSecrets,    SecretPage,   kNet,         kServing,  kStay,     on::on_list_secrets      >,
    // the zygote, about the children that it forked
    Row< SpareEnded,     Done,       kZygoteOnly,  kServing,  kStay,     on::on_spare_ended     >,
    // a call child, about itself: two notices without a field; and what its tool says to and asks of the client
    Row< SpareReady,     Done,       kCallOnly,    kNew,      kServing,  on::on_spare_ready     >,
    Row< Waits,          Done,       kCallOnly,    kServing,  kYielded,  on::on_waits           >,
    Row< Say,            Done,       kCallOnly,    kRunning,  kStay,     on::on_say             >,
    Row< AskClient,      ClientAnswer, kCallOnly,  kRunning,  kStay,     on::on_ask_client      >,
    // egress, about a request that no grant covers, and for the secrets of one that is covered
    Row< ReportDenied,   Done,       kEgressOnly,  kServing,  kStay,     on::on_report_denied   >,
    Row< ReadSecret,     SecretValue, kEgressOnly, kServing,  kStay,     on::on_read_secret     >,
    // a person with mcpboxctl
    Row< GetStatus,      Status,     kPeople,      kKnown,    kStay,     on::on_get_status      >,
    Row< ReadLogs,       JsonText,   kCtlOnly,     kKnown,    kStay,     on::on_read_logs       >,
    Row< Unlock,         Done,       kCtlOnly,     kServing,  kDeciding, on::on_unlock          >,
    Row< AdminRead,      JsonText,   kPeople,      kDeciding, kStay,     on::on_admin_read      >,
    Row< ShowTool,       ToolDetail, kPeople,      kDeciding, kStay,     on::on_show_tool       >,
    Row< Approve,        ToolSaved,  kPeople,      kDeciding, kStay,     on::on_approve         >,
    Row< Reject,         ToolSaved,  kPeople,      kDeciding, kStay,     on::on_reject          >,
    Row< Revoke,         ToolSaved,  kPeople,      kDeciding, kStay,     on::on_revoke          >,
    Row< ChangeServer,   ServerInfo, kPeople,      kDeciding, kStay,     on::on_change_server   >,
    Row< Remove,         Done,       kPeople,      kDeciding, kStay,     on::on_remove          >,
    Row< Freeze,         Done,       kPeople,      kDeciding, kStay,     on::on_freeze          >,
    Row< Thaw,           Done,       kPeople,      kDeciding, kStay,     on::on_thaw            >,
    Row< SetPassword,    Done,       kPeople,      kDeciding, kStay,     on::on_set_password    >,
    Row< ReviewGrants,   GrantPage,    kPeople,      kDeciding, kStay,     on::on_review_grants     >,
    Row< ShowGrant,      GrantDetail,  kPeople,      kDeciding, kStay,     on::on_show_grant        >,
    Row< DecideGrant,    GrantInfo,    kPeople,      kDeciding, kStay,     on::on_decide_grant      >,
    Row< AddHost,        GrantDetail,  kPeople,      kDeciding, kStay,     on::on_add_host          >,
    Row< AddModule,      GrantDetail,  kPeople,      kDeciding, kStay,     on::on_add_module        >,
    Row< ReviewSecrets,  SecretPage,   kPeople,      kDeciding, kStay,     on::on_review_secrets    >,
    Row< SetSecret,      SecretInfo,   kPeople,      kDeciding, kStay,     on::on_set_secret        >,
    Row< DeleteSecret,   Done,         kPeople,      kDeciding, kStay,     on::on_delete_secret     >,
    Row< ReadSettings,   SettingValues, kPeople,      kKnown,    kStay,     on::on_read_settings     >,
    Row< ChangeSetting,  SettingValues, kPeople,      kDeciding, kStay,     on::on_change_setting    >,
    Row< ApplyProfile,   SettingValues, kPeople,      kDeciding, kStay,     on::on_apply_profile     >,
    Row< SelfAttack,     AttackReport, kCtlOnly,   kDeciding, kStay,     on::on_self_attack     >,
    Row< GetAuditHead,   AuditHead,  kPeople,      kDeciding, kStay,     on::on_get_audit_head  >,
    Row< ReadAudit,      AuditPage,  kPeople,      kDeciding, kStay,     on::on_read_audit      >,
    Row< ReadCheckpoints, CheckpointPage, kPeople,  kDeciding, kStay,    on::on_read_checkpoints >,
    Row< WatchActivity,  ActivityPage, kPeople,    kDeciding, kStay,     on::on_watch_activity  >,
    Row< GetMetrics,     Metrics,    kPeople,      kKnown,    kStay,     on::on_get_metrics     >,
    Row< ReadStats,      JsonText,   kCtlOnly,     kDeciding, kStay,     on::on_read_stats      >,
    Row< ReadRemote,     RemoteState, kPeople,     kDeciding, kStay,     on::on_read_remote     >,
    Row< SetRemoteWorker, RemoteState, kCtlOnly,   kDeciding, kStay,     on::on_set_remote_worker >,
    Row< SetRemotePolicy, RemoteState, kCtlOnly,   kDeciding, kStay,     on::on_set_remote_policy >,
    Row< CreateClientToken, ClientTokenGiven, kCtlOnly, kDeciding, kStay, on::on_create_client_token >,
    Row< ListClientTokens, ClientTokenPage, kCtlOnly, kDeciding, kStay, on::on_list_client_tokens >,
    Row< RevokeClientToken, Done,    kCtlOnly,     kDeciding, kStay,     on::on_revoke_client_token >,
    Row< MakeSetupCode,  SetupCode,  kCtlOnly,     kDeciding, kStay,     on::on_make_setup_code >,
    Row< PruneAudit,     AuditPruned, kCtlOnly,    kDeciding, kStay,     on::on_prune_audit     >,
    Row< CheckKey,       KeyUse,     kCtlOnly,     kDeciding, kStay,     on::on_check_key       >,
    Row< RotateKey,      KeyRotated, kCtlOnly,     kDeciding, kStay,     on::on_rotate_key      >,
    // the admin process: what it asks by itself, and the envelope around everything that needs a session
    Row< GetAdminState,  AdminState, kAdminOnly,   kServing,  kStay,     on::on_get_admin_state >,
    Row< SignIn,         SessionGiven, kAdminOnly, kServing,  kStay,     on::on_sign_in         >,
    Row< SetUp,          SessionGiven, kAdminOnly, kServing,  kStay,     on::on_set_up          >,
    Row< InSession,      SessionReply, kAdminOnly, kServing,  kStay,     on::on_in_session      >,
    // of admins and their sessions
    Row< ListSessions,   SessionPage, kPeople,     kDeciding, kStay,     on::on_list_sessions   >,
    Row< EndSession,     Done,       kPeople,      kDeciding, kStay,     on::on_end_session     >,
    Row< ChangePassword, Done,       kAdminOnly,   kDeciding, kStay,     on::on_change_password >,
    Row< RemoveAdmin,    Done,       kPeople,      kDeciding, kStay,     on::on_remove_admin    >> {};
// clang-format on

// All that the admin process may ask without a session.
inline constexpr Op kBeforeSession[] = {Op::kHello, Op::kGetAdminState, Op::kSignIn,
                                        Op::kSetUp, Op::kInSession,     Op::kGetMetrics};
constexpr bool is_before_session(Op op) {
  for (const Op one : kBeforeSession)
    if (one == op) return true;
  return false;
}
// What `decide_from = ctl` leaves to a person at a terminal.
// Freezing, deleting and ending sessions only take away, and stay possible everywhere.  Renaming a server
// decides which approved tool a name reaches.
inline constexpr Op kDecisions[] = {Op::kApprove,       Op::kReject,       Op::kRevoke,    Op::kDecideGrant,
                                    Op::kAddHost,       Op::kAddModule,    Op::kSetSecret, Op::kDeleteSecret,
                                    Op::kChangeSetting, Op::kApplyProfile, Op::kThaw,      Op::kSetPassword,
                                    Op::kRemoveAdmin,   Op::kChangeServer};
constexpr bool is_decision(Op op) {
  for (const Op one : kDecisions)
    if (one == op) return true;
  return false;
}

static_assert(Protocol::ops_are_unique());
static_assert(!is_before_session(Op::kApprove), "a stolen admin process must not decide without a session");
static_assert(!Protocol::may_ask(Role::kAdmin, Op::kMakeSetupCode),
              "a stolen admin process must not let itself in");
static_assert(!Protocol::may_ask(Role::kAdmin, Op::kSetRemoteWorker) &&
                  !Protocol::may_ask(Role::kAdmin, Op::kSetRemotePolicy),
              "a stolen admin process must not open a way in from elsewhere");
static_assert(!Protocol::may_ask(Role::kNetLocal, Op::kCreateClientToken) &&
                  !Protocol::may_ask(Role::kAdmin, Op::kCreateClientToken),
              "a stolen gateway or admin process must not make callers");
static_assert(!Protocol::may_ask(Role::kAdmin, Op::kUnlock),
              "a stolen admin process is no person at a terminal");
static_assert(!Protocol::may_ask(Role::kAdmin, Op::kOpenCall),
              "the admin process decides; it does not call tools");
static_assert(!Protocol::may_ask(Role::kNetTunnel, Op::kAuthenticate),
              "the gateway of the tunnel must not claim to be local");
static_assert(!Protocol::may_ask(Role::kNetLocal, Op::kAuthenticateRemote),
              "a request through the tunnel comes through its own process");
static_assert(!Protocol::may_ask(Role::kNetTunnel, Op::kApprove), "a stolen gateway must not approve");
static_assert(!Protocol::may_ask(Role::kNetTunnel, Op::kSetRemoteWorker),
              "a stolen gateway must not choose whose signatures count");
static_assert(!Protocol::may_ask(Role::kNetLocal, Op::kInSession), "a stolen gateway must not use sessions");
static_assert(!Protocol::may_ask(Role::kNetLocal, Op::kApprove), "a stolen gateway must not approve");
static_assert(!Protocol::may_ask(Role::kNetLocal, Op::kReject), "a stolen gateway must not reject");
static_assert(!Protocol::may_ask(Role::kNetLocal, Op::kRevoke), "a stolen gateway must not revoke");
static_assert(!Protocol::may_ask(Role::kNetLocal, Op::kThaw), "a stolen gateway must not lift a freeze");
static_assert(!Protocol::may_ask(Role::kNetLocal, Op::kDecideGrant),
              "a stolen gateway must not grant a host");
static_assert(!Protocol::may_ask(Role::kNetLocal, Op::kSetSecret), "a stolen gateway must not move a secret");
static_assert(!Protocol::may_ask(Role::kNetLocal, Op::kChangeSetting),
              "a stolen gateway must not weaken policy");
static_assert(!Protocol::may_ask(Role::kNetLocal, Op::kReadAudit),
              "a stolen gateway must not read the audit log");
static_assert(!Protocol::may_ask(Role::kNetLocal, Op::kPruneAudit) &&
                  !Protocol::may_ask(Role::kAdmin, Op::kPruneAudit),
              "what was recorded is dropped from a terminal only");
static_assert(!Protocol::may_ask(Role::kNetLocal, Op::kRotateKey) &&
                  !Protocol::may_ask(Role::kAdmin, Op::kRotateKey),
              "the master key is replaced from a terminal only");
static_assert(!Protocol::may_ask(Role::kNetLocal, Op::kUnlock), "a stolen gateway must not guess passwords");
static_assert(!Protocol::may_ask(Role::kNetLocal, Op::kSpareEnded),
              "a stolen gateway must not end calls of others");
static_assert(!Protocol::may_ask(Role::kZygote, Op::kOpenCall), "a stolen zygote must not call tools");
static_assert(!Protocol::may_ask(Role::kZygote, Op::kRead), "a stolen zygote must not read rows");
static_assert(!Protocol::may_ask(Role::kZygote, Op::kApprove), "a stolen zygote must not approve");
static_assert(Protocol::max_request_bytes(Role::kCall) <= 2 * limits::kQuestionBytes,
              "a call child answers; what its tool says to the client meanwhile is short");
static_assert(Protocol::max_request_bytes(Role::kPassword) == 0,
              "a password child asks for nothing: it answers");
static_assert(!Protocol::may_ask(Role::kEgress, Op::kApprove), "a stolen egress must not approve");
static_assert(!Protocol::may_ask(Role::kEgress, Op::kOpenCall), "a stolen egress must not call tools");
static_assert(!Protocol::may_ask(Role::kDialer, Op::kReportDenied), "the dialer says Hello and nothing else");
static_assert(!Protocol::may_ask(Role::kDialer, Op::kReadSecret), "the dialer holds no secret");
static_assert(!Protocol::may_ask(Role::kCall, Op::kReadSecret), "a call child never sees a sealed value");
static_assert(!Protocol::may_ask(Role::kNetLocal, Op::kReadSecret) &&
                  !Protocol::may_ask(Role::kAdmin, Op::kReadSecret),
              "values of secrets go to egress and to nobody else");
static_assert(Protocol::max_request_bytes(Role::kAttack) == 0, "an attacker asks for nothing: it answers");
static_assert(!Protocol::may_ask(Role::kCtl, Op::kOpenCall), "mcpboxctl decides; it does not call tools");

}  // namespace mcpbox::protocol
