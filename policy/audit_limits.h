// Limits of the audit log's size: retention and the space reserve.  As limits.h: unit, reason, and what
// happens beyond.
#pragma once

#include <cstdint>

#include "policy/limits.h"

namespace mcpbox::policy::limits {

// clang-format off
// --- Size of the audit log -------------------------------------------------------------------------------
inline constexpr std::uint64_t kSegmentRecords = 100'000;  // of one segment of the chain, about 60 MB; then it is sealed
inline constexpr std::int64_t kSegmentMs = 86'400'000;     // from one sealed segment to the next, while records come
inline constexpr std::int64_t kRetentionFirstMs = 60'000;  // from the start to the first look at what is too old
inline constexpr std::int64_t kRetentionMs = 3'600'000;    // between two looks
inline constexpr std::int64_t kFreezeRetryMs = 1'000;      // between two tries to record a freeze that acts already
inline constexpr std::uint64_t kSpaceReserveBytes = 64 * kMiB; // kept free on the database's disk for the outcomes of all calls in flight
inline constexpr std::uint64_t kSpaceLowBytes = 32 * kMiB;      // of free space beside that; below, no call begins
inline constexpr std::uint64_t kSpaceCriticalBytes = 4 * kMiB;  // below, the reserve is given up at once
inline constexpr std::int64_t kSpaceLookMs = 250;               // between two looks at the disk
// clang-format on

}  // namespace mcpbox::policy::limits
