// Every action that a record can have.  docs/audit-format.md shows this table (scripts/documents.py), and
// tests find an action that is used and not here.  Rows are for people who read the log: the meaning says
// what `subject`, `digest`, `number` and `payload` are where they are not zero or empty.
#pragma once

#include <cstdint>
#include <string_view>

namespace mcpbox::audit {

struct Kind {
  std::uint16_t number;
  std::string_view name;
};

struct Action {
  std::string_view name;
  std::string_view kind;
  std::string_view meaning;
};

// clang-format off
inline constexpr Kind kKinds[] = {
    { 1, "call intent" },
    { 2, "call outcome" },
    { 3, "decision" },
    { 4, "configuration" },
    { 5, "authentication" },
    { 6, "child ending" },
    { 7, "lifecycle" },
    { 8, "secret read" },
    { 9, "refusal" },
};

inline constexpr Action kActions[] = {
    // action                kind              what happened, and what the fields are
    { "call",                "call intent",    "a published tool is about to run, or has ended. Subject: the tool; digest: of exactly what runs; payload of the intent: BLAKE2b-256 of the request's body, after its length as 8 bytes, little-endian; number of the outcome: how it ended" },
    { "test",                "call intent",    "the same for a test, of a draft or of an approved tool" },
    { "approve",             "decision",       "a tool was approved. Subject: the tool; digest: what the reviewer saw" },
    { "reject",              "decision",       "a tool was sent back. Payload: the reason" },
    { "revoke",              "decision",       "an approval was taken back. Digest: which; payload: the reason" },
    { "create_server",       "configuration",  "a server was made. Payload: its name" },
    { "start_server",        "configuration",  "a server's tools are offered" },
    { "stop_server",         "configuration",  "a server's tools are not offered any more; calls in flight were killed" },
    { "create_tool",         "configuration",  "a tool was made. Digest: of its fields; payload: its name" },
    { "update_tool",         "configuration",  "a tool's fields were changed. Digest: of the new ones; payload: a summary" },
    { "rollback_tool",       "configuration",  "a tool is again what an older version was. Digest: of its fields; payload: which version" },
    { "delete_tool",         "configuration",  "a tool was deleted with its versions; calls in flight were killed. Payload: its published name" },
    { "delete_server",       "configuration",  "a server was deleted with its tools, hosts and secrets. Payload: its name" },
    { "update_server",       "configuration",  "a server's name, description or time limit was changed. Payload: its name, or both names" },
    { "request_publish",     "configuration",  "an author asked for a review" },
    { "freeze",              "configuration",  "every call was killed and new ones are refused. Payload: the reason" },
    { "thaw",                "configuration",  "calls are allowed again" },
    { "set_password",        "configuration",  "an admin was made, or has a new password. Payload: the name" },
    { "request_grant",       "configuration",  "a host or module was asked for. Subject: the grant; payload: what it is" },
    { "add_grant",           "decision",       "an administrator granted a host or module unasked. Subject: the grant; payload: what it is" },
    { "approve_grant",       "decision",       "a host or module was granted. Subject: the grant; payload: what it is" },
    { "reject_grant",        "decision",       "a request for a host or module was refused. Subject: the grant; payload: what it is" },
    { "revoke_grant",        "decision",       "a host or module was taken back. Subject: the grant; payload: what it is" },
    { "delete_grant",        "decision",       "a request that was not granted was deleted. Subject: the grant; payload: what it is" },
    { "create_secret",       "configuration",  "a secret was named, without a value. Subject: the secret; payload: its key" },
    { "set_secret",          "decision",       "a secret has a value, or another binding. Subject: the secret; payload: its key, never the value" },
    { "delete_secret",       "decision",       "a secret was deleted. Subject: the secret; payload: its key" },
    { "set_setting",         "decision",       "a policy setting has another value. Payload: the setting and the value" },
    { "set_remote",          "decision",       "remote access was changed: the Worker, its keys, or who may come. Payload: the Worker's URL" },
    { "rotate_key",          "configuration",  "the master key was replaced, and every sealed row sealed again in the same transaction. Digest: the new key's name; number: how many rows; payload: the public key that signs checkpoints from here on" },
    { "audit_prune",         "decision",       "old segments may be dropped. Number: the last record of them; digest: its hash" },
    { "create_client_token", "decision",       "a token for a client in a container was made. Subject: the client; payload: its name" },
    { "revoke_client_token", "decision",       "it was taken back; its calls in flight were killed. Subject: the client; payload: its name" },
    { "admitted",            "authentication", "a caller was let in. Number: how often, in a minute" },
    { "remote_admitted",     "authentication", "a request through the tunnel was let in. Number: when it was signed, in seconds; payload: its nonce" },
    { "not_admitted",        "authentication", "a caller was refused. Number: how often, in a minute; payload: why" },
    { "control_opened",      "authentication", "somebody who may decide connected to the control socket. Number: how often, in a minute" },
    { "unlocked",            "authentication", "an admin's password was right. Payload: the name" },
    { "unlock_refused",      "authentication", "it was wrong, or came from somebody who may not. Number: how often, in a minute; payload: the name" },
    { "sign_in",             "authentication", "an admin signed in to the web UI. Subject: the session; payload: the client" },
    { "sign_in_refused",     "authentication", "a password was wrong, or no admin has this name. Payload: the name" },
    { "make_setup_code",     "authentication", "a code for the first admin was made" },
    { "end_session",         "configuration",  "a session of the web UI was ended. Subject: the session" },
    { "read_secret",         "secret read",    "the value of a sealed secret was given to egress for a request of a call. Subject: the secret; call, digest: what runs; payload: its key and where it goes" },
    { "secret_refused",      "refusal",        "a call tried to send a sealed secret where it may not go; nothing was sent. Subject: the tool; number: how often, in a minute; payload: which and where" },
    { "call_refused",        "refusal",        "a call was refused and nothing ran. Subject: the tool; number: how often, in a minute; payload: why" },
    { "ended",               "child ending",   "a long-lived child ended. Actor: its role; number: its wait status" },
    { "violation",           "child ending",   "a call child broke its jail's rules and was killed. Subject, call, digest: what ran; payload: which rule; number: the signal" },
    { "broke_protocol",      "child ending",   "a process sent what its role may not send and was ended. Actor: its role; number: the message" },
    { "start",               "lifecycle",      "the monitor serves. Payload: its version" },
    { "stop",                "lifecycle",      "the monitor ended in order" },
    { "serving",             "lifecycle",      "a child is in its jail and at work. Actor: its role; number: its process id" },
    { "self_attack",         "lifecycle",      "the jail of the calls was attacked. Number: the holes; payload: a summary" },
    { "call_unknown",        "lifecycle",      "a call was running when the monitor ended, so that nobody knows whether it had an effect; or it was refused because the database did not answer, and its intent is stored all the same" },
    { "open_calls_settled",  "lifecycle",      "all calls that an earlier monitor left open have been recorded. Number: how many" },
    { "distrust",            "lifecycle",      "decisions were missing from the database that audit.head remembers, so no decision before this record counts. Number: this record" },
    { "clock_stepped",       "lifecycle",      "the clock was set back. Number: by how many milliseconds" },
};
// clang-format on

constexpr bool is_known_action(std::string_view name) {
  for (const Action& action : kActions)
    if (action.name == name) return true;
  return false;
}

constexpr std::string_view name_of_kind(std::uint16_t number) {
  for (const Kind& kind : kKinds)
    if (kind.number == number) return kind.name;
  return "unknown";
}

constexpr bool every_action_has_a_kind() {
  for (const Action& action : kActions) {
    bool found = false;
    for (const Kind& kind : kKinds) found = found || kind.name == action.kind;
    if (!found || action.name.empty() || action.name.size() > 32) return false;
  }
  return true;
}
static_assert(every_action_has_a_kind());

}  // namespace mcpbox::audit
