// What is said without the monitor: egress asks the dialer for connections, and a call child and egress speak
// about requests.  Each reader has its own row here, and takes nothing else.
#pragma once

#include "privsep/protocol/messages_egress.h"
#include "privsep/protocol/messages_fetch.h"
#include "privsep/protocol/table.h"

namespace mcpbox::protocol {

template <class Message, Role Who>
using Said = Row<Message, Done, set_of(Who), State::kServing, State::kStay, nullptr>;

inline constexpr Roles kCallAndEgress = Role::kCall | Role::kEgress;

// clang-format off
struct Network : Table<
    //   what           answer     by whom
    Row< Dial,          Dialled,   set_of(Role::kEgress), State::kServing, State::kStay, nullptr >,  // of the dialer
    // notices, between a call child and egress
    Said< FetchStart,   Role::kCall   >,
    Said< FetchBody,    Role::kCall   >,
    Said< FetchStop,    Role::kCall   >,
    Row< FetchRoom,     Done,      kCallAndEgress, State::kServing, State::kStay, nullptr >,
    Said< FetchHead,    Role::kEgress >,
    Said< FetchData,    Role::kEgress >,
    Said< FetchEnd,     Role::kEgress >,
    Said< FetchFailed,  Role::kEgress >> {};
// clang-format on

static_assert(Network::ops_are_unique());
static_assert(!Network::may_ask(Role::kCall, Op::kDial),
              "a call child reaches the dialer through egress only");

}  // namespace mcpbox::protocol
