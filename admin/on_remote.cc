// Runs in admin: the way in from elsewhere, as it is.  Changing it is root's, with mcpboxctl: whoever takes
// over this process must not be able to open it.
#include "admin/routes.h"
#include "admin/shapes.h"
#include "privsep/protocol/messages_remote.h"

namespace mcpbox::admin {
namespace {

using protocol::RemotePolicy;

const char* word_of(RemotePolicy policy) {
  switch (policy) {
    case RemotePolicy::kEveryone:
      return "everyone";
    case RemotePolicy::kEmails:
      return "emails";
    case RemotePolicy::kDomain:
      return "domain";
  }
  return "emails";
}

Json remote_json(const protocol::RemoteState& state) {
  Json keys(json_array());
  for (const protocol::RemoteKey& key : state.keys) {
    Object one;
    append(keys, one.text("id", key.id).text("public_key", hex_of(key.key)).take());
  }
  Json allowed(json_array());
  for (const protocol::RemoteEntry& entry : state.entries)
    json_array_append_new(allowed.get(), json_stringn(entry.value.data(), entry.value.size()));
  Object body;
  body.boolean("on", state.on);
  text_or_null(body, "worker_url", state.issuer);
  text_or_null(body, "installation", state.audience);
  body.json("keys", std::move(keys)).text("policy", word_of(state.policy));
  return body.json("allowed", std::move(allowed)).take();
}

}  // namespace

Task<Answered> on_remote(Admin& a, const Incoming& in) {
  protocol::ReadRemote question;
  const protocol::RemoteState state = co_await ask_as(a, in, question);
  co_return json_answer(remote_json(state));
}

}  // namespace mcpbox::admin
