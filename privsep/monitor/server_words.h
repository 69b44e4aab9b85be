// How a person's question names a server.
#pragma once

#include <string_view>

#include "privsep/monitor/catalogue.h"
#include "privsep/monitor/ids.h"

namespace mcpbox::monitor {

// By its name, as mcpboxctl does; or by "#" and the 32 digits of its id, as the web UI does: whoever looks at
// a page means the server that it shows, however it is called by now.  No name begins with "#".
inline const Server* server_by(Catalogue& catalogue, std::string_view words) {
  if (!words.starts_with('#')) return catalogue.find_server(words);
  for (const auto& [id, server] : catalogue.servers())
    if (hex_of(id) == words.substr(1)) return &server;
  return nullptr;
}

}  // namespace mcpbox::monitor
