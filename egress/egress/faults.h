// libcurl's results in the words of a tool's author.
#pragma once

#include <curl/curl.h>

#include <string>

#include "privsep/base/error.h"
#include "privsep/protocol/messages_fetch.h"

namespace mcpbox::egress {

struct Fault {
  protocol::FetchFault kind = protocol::FetchFault::kProtocol;
  std::string text;
};

// easy: the transfer that ended so; asked for nothing but the verdict on the certificate.
// connected: the request had begun to be sent
[[nodiscard]] Fault fault_of(CURLcode result, CURL* easy, bool connected);

// The dialer's answer.
[[nodiscard]] Fault fault_of_dial(const base::Error& why, const std::string& where);

}  // namespace mcpbox::egress
