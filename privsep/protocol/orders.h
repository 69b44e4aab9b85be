// Everything that the monitor asks of its children.  The child answers the one order that it got; it is never
// the monitor that must understand more than the row's answer.
#pragma once

#include "privsep/protocol/messages_attack.h"
#include "privsep/protocol/messages_call.h"
#include "privsep/protocol/messages_egress.h"
#include "privsep/protocol/messages_gateway.h"
#include "privsep/protocol/messages_password.h"
#include "privsep/protocol/messages_zygote.h"
#include "privsep/protocol/table.h"

namespace mcpbox::protocol {

template <class Request, class Reply, Role Whom>
using Order = Row<Request, Reply, set_of(Whom), State::kServing, State::kStay, nullptr>;

inline constexpr Roles kGateways = Role::kNetLocal | Role::kNetTunnel;
inline constexpr Roles kNetwork = Role::kEgress | Role::kDialer;

// clang-format off
struct Orders : Table<
    //     request        answer           of whom
    Row<   ToolsChanged,  Done,            kGateways, State::kServing, State::kStay, nullptr >,  // a notice: not answered
    Row<   RateChanged,   Done,            kGateways, State::kServing, State::kStay, nullptr >,  // likewise
    Row<   CallSaid,      Done,            kGateways, State::kServing, State::kStay, nullptr >,  // likewise
    Row<   CallAsked,     Done,            kGateways, State::kServing, State::kStay, nullptr >,  // likewise; AnswerCall is the answer
    Row<   ResourceUpdated, Done,          kGateways, State::kServing, State::kStay, nullptr >,  // likewise
    Row<   Drain,         Done,            kGateways, State::kServing, State::kStay, nullptr >,  // likewise
    Row<   CallerGone,    Done,            kGateways, State::kServing, State::kStay, nullptr >,  // likewise
    Order< LoadPackages,  Loaded,          Role::kZygote   >,  // the first, and only before its Hello
    Order< ForkSpare,     Forked,          Role::kZygote   >,
    Order< Compile,       Compiled,        Role::kCall     >,
    Order< Prepare,       Done,            Role::kCall     >,
    Order< Go,            Outcome,         Role::kCall     >,
    Order< HashPassword,  PasswordHash,    Role::kPassword >,
    Order< CheckPassword, PasswordVerdict, Role::kPassword >,
    Order< Attack,        AttackReport,    Role::kAttack   >,
    Order< AllowDials,    Done,            Role::kDialer   >,
    Order< OpenGrant,     Done,            Role::kEgress   >,
    Order< CloseGrant,    NetworkUse,      Role::kEgress   >,
    Order< EndGrant,      Done,            Role::kDialer   >,  // a notice
    Row<   Partner,       Done,            kNetwork, State::kServing, State::kStay, nullptr >> {};
// clang-format on

static_assert(Orders::ops_are_unique());
static_assert(!Orders::may_ask(Role::kZygote, Op::kGo), "code and body never pass through the zygote");
static_assert(!Orders::may_ask(Role::kDialer, Op::kOpenGrant), "the dialer meets no call child");
static_assert(!Orders::may_ask(Role::kZygote, Op::kPrepare), "code and body never pass through the zygote");

}  // namespace mcpbox::protocol
