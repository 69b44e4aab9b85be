// Every path that this process answers, in one table.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "gateway/gateway.h"

namespace mcpbox::gateway {

enum class Needs : unsigned char {
  kNothing,
  kCaller,  // a user whom the monitor lets in; Incoming::ticket is theirs
};

struct Route {
  Method method;
  std::string_view path;  // ends with /NAME where a server's name stands
  Needs needs;
  std::size_t body;  // bytes; beyond: 413
  Task<Answered> (*answer)(Gateway& g, const Incoming& in);
};

[[nodiscard]] std::span<const Route> routes();

// The server's name when `path` is this route's: empty for a path without a name.
[[nodiscard]] std::optional<std::string> match(std::string_view route_path, std::string_view path);

// Takes a request from the HTTP server: checks, finds the route, answers.
void answer(Gateway& g, std::shared_ptr<Exchange> exchange);

// The answers, in era_*.cc and here.
Task<Answered> on_message(Gateway& g, const Incoming& in);
Task<Answered> on_stream(Gateway& g, const Incoming& in);
Task<Answered> on_session_end(Gateway& g, const Incoming& in);
Task<Answered> on_health(Gateway& g, const Incoming& in);

}  // namespace mcpbox::gateway
