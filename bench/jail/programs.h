// What one would do without MCPbox: a fresh interpreter for each call, bare or in bubblewrap.
#pragma once

namespace mcpbox::bench {

// Wall time of the whole command, in microseconds.  Both run the benchmark's tool with asyncio and json.
[[nodiscard]] double python_us();
[[nodiscard]] double
bubblewrap_us();  // every namespace unshared; /usr, and a /proc, /dev and /tmp of its own

[[nodiscard]] bool bubblewrap_is_installed();

}  // namespace mcpbox::bench
