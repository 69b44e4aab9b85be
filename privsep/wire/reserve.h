// One more descriptor of the monitor at exec, beside those of wire/spawn.h.
#pragma once

namespace mcpbox::wire {

inline constexpr int kMonitorReserveFd =
    9;  // STATE/space.reserve, opened read-write; used with the embedded database

}  // namespace mcpbox::wire
