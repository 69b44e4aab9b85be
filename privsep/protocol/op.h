// The number of every message, once.  Numbers are never reused for something else.
#pragma once

#include <cstdint>

namespace mcpbox::protocol {

enum class Op : std::uint16_t {
  // asked of the monitor by its children and by mcpboxctl: protocol.h
  kHello = 1,
  kAuthenticate,
  kOpenSession,
  kFindSession,
  kCloseSession,
  kListPublished,
  kOpenCall,
  kCancelCall,
  kRead,
  kCreateServer,
  kStartServer,
  kStopServer,
  kCreateTool,
  kUpdateTool,
  kValidateCode,
  kTestCode,
  kRequestPublish,
  kSpareEnded,
  kUnlock,
  kGetStatus,
  kReadLogs,
  kAdminRead,
  kShowTool,
  kApprove,
  kReject,
  kFreeze,
  kThaw,
  kSetPassword,
  kSpareReady,
  kWaits,
  kSelfAttack,
  kGetAdminState,
  kSignIn,
  kSetUp,
  kMakeSetupCode,
  kInSession,
  kListSessions,
  kEndSession,
  kChangePassword,
  kRemoveAdmin,
  kReportDenied,

  // asked by the monitor of its children: orders.h
  kToolsChanged = 1000,
  kForkSpare,
  kCompile,
  kPrepare,
  kGo,
  kHashPassword,
  kCheckPassword,
  kLoadPackages,
  kAttack,
  kAllowDials,
  kOpenGrant,
  kEndGrant,
  kPartner,

  // asked by egress of the dialer: messages_egress.h
  kDial = 2000,

  // said by a call child and egress to each other: messages_fetch.h
  kFetchStart = 3000,
  kFetchBody,
  kFetchRoom,
  kFetchStop,
  kFetchHead,
  kFetchData,
  kFetchEnd,
  kFetchFailed,
};

}  // namespace mcpbox::protocol
