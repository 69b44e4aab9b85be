// Placeholders of sealed secrets in a request: finding them, and putting the values where they may stand.
// What cannot be found is a placeholder that the tool wrote in a way of its own: it means nothing to anybody.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "privsep/protocol/messages_egress.h"
#include "privsep/protocol/messages_fetch.h"

namespace mcpbox::egress {

// Whether there is one anywhere: in host, method, path, query, a header's name or value, the body; also when
// it is percent-encoded there, or inside Basic credentials.
[[nodiscard]] bool holds_placeholder(const protocol::FetchStart& request, std::string_view body);

// Those that could be filled in, each once.
[[nodiscard]] std::set<std::string> placeholders_in(const protocol::FetchStart& request,
                                                    std::string_view body);

// Puts the value in the place of its binding, once.  Returns "", or how the placeholder would have to stand.
[[nodiscard]] std::string fill_in(protocol::FetchStart& request, std::string& body,
                                  const std::string& placeholder, const protocol::SecretValue& secret);

// Of a request that carries a value: the server is asked to answer in plain bytes, and in all of them, so
// that the answer can be looked through.
void ask_for_plain_answer(protocol::FetchStart& request);

// Bodies in which a value can be filled in are read whole before they are sent.
[[nodiscard]] bool is_json(const protocol::FetchStart& request);
[[nodiscard]] bool is_form(const protocol::FetchStart& request);

}  // namespace mcpbox::egress
