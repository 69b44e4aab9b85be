// The HTTP server and JSON that the gateways share with admin, under their short names.
#pragma once

namespace mcpbox::http {}

namespace mcpbox::gateway {
using namespace http;
}
