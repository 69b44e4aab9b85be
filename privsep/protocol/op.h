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
};

}  // namespace mcpbox::protocol
