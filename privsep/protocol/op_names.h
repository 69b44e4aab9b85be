// The name of every message, for logs and for the authority listing.
#pragma once

#include <string_view>

#include "privsep/protocol/op.h"

namespace mcpbox::protocol {

struct OpName {
  Op op;
  std::string_view name;
};

// clang-format off
inline constexpr OpName kOpNames[] = {
    {Op::kHello, "Hello"},                 {Op::kAuthenticate, "Authenticate"},   {Op::kOpenSession, "OpenSession"},
    {Op::kFindSession, "FindSession"},     {Op::kCloseSession, "CloseSession"},   {Op::kListPublished, "ListPublished"},
    {Op::kOpenCall, "OpenCall"},           {Op::kCancelCall, "CancelCall"},       {Op::kRead, "Read"},
    {Op::kCreateServer, "CreateServer"},   {Op::kStartServer, "StartServer"},     {Op::kStopServer, "StopServer"},
    {Op::kCreateTool, "CreateTool"},       {Op::kUpdateTool, "UpdateTool"},       {Op::kValidateCode, "ValidateCode"},
    {Op::kTestCode, "TestCode"},           {Op::kRequestPublish, "RequestPublish"}, {Op::kSpareEnded, "SpareEnded"},
    {Op::kUnlock, "Unlock"},               {Op::kGetStatus, "GetStatus"},         {Op::kReadLogs, "ReadLogs"},
    {Op::kAdminRead, "AdminRead"},         {Op::kShowTool, "ShowTool"},           {Op::kApprove, "Approve"},
    {Op::kReject, "Reject"},               {Op::kFreeze, "Freeze"},               {Op::kThaw, "Thaw"},
    {Op::kSetPassword, "SetPassword"},     {Op::kToolsChanged, "ToolsChanged"},   {Op::kForkSpare, "ForkSpare"},
    {Op::kCompile, "Compile"},             {Op::kPrepare, "Prepare"},             {Op::kGo, "Go"},
    {Op::kHashPassword, "HashPassword"},   {Op::kCheckPassword, "CheckPassword"}, {Op::kSpareReady, "SpareReady"},
    {Op::kWaits, "Waits"},                 {Op::kLoadPackages, "LoadPackages"},
    {Op::kRequestHost, "RequestHost"},
    {Op::kRequestModule, "RequestModule"},
    {Op::kListGrants, "ListGrants"},
    {Op::kReviewGrants, "ReviewGrants"},
    {Op::kShowGrant, "ShowGrant"},
    {Op::kDecideGrant, "DecideGrant"},
    {Op::kAddHost, "AddHost"},
    {Op::kAddModule, "AddModule"},
    {Op::kListModules, "ListModules"},
    {Op::kCreateSecret, "CreateSecret"},
    {Op::kListSecrets, "ListSecrets"},
    {Op::kReviewSecrets, "ReviewSecrets"},
    {Op::kSetSecret, "SetSecret"},
    {Op::kDeleteSecret, "DeleteSecret"},
    {Op::kReadSettings, "ReadSettings"},
    {Op::kChangeSetting, "ChangeSetting"},
    {Op::kApplyProfile, "ApplyProfile"},
    {Op::kRateChanged, "RateChanged"},
    {Op::kRollbackTool, "RollbackTool"},   {Op::kDeleteTool, "DeleteTool"},       {Op::kDeleteServer, "DeleteServer"},
    {Op::kRevoke, "Revoke"},               {Op::kChangeServer, "ChangeServer"},   {Op::kRemove, "Remove"},
    {Op::kSelfAttack, "SelfAttack"},     {Op::kAttack, "Attack"},
    {Op::kGetAdminState, "GetAdminState"}, {Op::kSignIn, "SignIn"},               {Op::kSetUp, "SetUp"},
    {Op::kMakeSetupCode, "MakeSetupCode"}, {Op::kInSession, "InSession"},         {Op::kListSessions, "ListSessions"},
    {Op::kEndSession, "EndSession"},       {Op::kChangePassword, "ChangePassword"}, {Op::kRemoveAdmin, "RemoveAdmin"},
    {Op::kReportDenied, "ReportDenied"},   {Op::kAllowDials, "AllowDials"},       {Op::kOpenGrant, "OpenGrant"},
    {Op::kEndGrant, "EndGrant"},           {Op::kCloseGrant, "CloseGrant"},
    {Op::kPartner, "Partner"},             {Op::kDial, "Dial"},
    {Op::kFetchStart, "FetchStart"},       {Op::kFetchBody, "FetchBody"},         {Op::kFetchRoom, "FetchRoom"},
    {Op::kFetchStop, "FetchStop"},         {Op::kFetchHead, "FetchHead"},         {Op::kFetchData, "FetchData"},
    {Op::kFetchEnd, "FetchEnd"},           {Op::kFetchFailed, "FetchFailed"},
    {Op::kSay, "Say"},                     {Op::kAskClient, "AskClient"},         {Op::kAnswerCall, "AnswerCall"},
    {Op::kSetLogLevel, "SetLogLevel"},     {Op::kCallSaid, "CallSaid"},           {Op::kCallAsked, "CallAsked"},
    {Op::kGetAuditHead, "GetAuditHead"},   {Op::kReadAudit, "ReadAudit"},         {Op::kReadCheckpoints, "ReadCheckpoints"},
    {Op::kWatchActivity, "WatchActivity"}, {Op::kGetMetrics, "GetMetrics"},       {Op::kReadStats, "ReadStats"},
    {Op::kReadSecret, "ReadSecret"},
    {Op::kResourceUpdated, "ResourceUpdated"},
    {Op::kAuthenticateRemote, "AuthenticateRemote"}, {Op::kReadRemote, "ReadRemote"},
    {Op::kSetRemoteWorker, "SetRemoteWorker"}, {Op::kSetRemotePolicy, "SetRemotePolicy"},
    {Op::kCreateClientToken, "CreateClientToken"}, {Op::kListClientTokens, "ListClientTokens"},
    {Op::kRevokeClientToken, "RevokeClientToken"}, {Op::kSubscribe, "Subscribe"},
    {Op::kListSubscriptions, "ListSubscriptions"}, {Op::kDrain, "Drain"},
    {Op::kCallerGone, "CallerGone"},
    {Op::kPruneAudit, "PruneAudit"},       {Op::kCheckKey, "CheckKey"},           {Op::kRotateKey, "RotateKey"},
};
// clang-format on

constexpr std::string_view name_of(Op op) {
  for (const OpName& row : kOpNames)
    if (row.op == op) return row.name;
  return "unknown";
}

}  // namespace mcpbox::protocol
