// Ids and digests as text and back.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "privsep/base/error.h"
#include "privsep/wire/fields.h"

namespace mcpbox::monitor {

template <std::size_t N>
std::string hex_of(const std::array<unsigned char, N>& bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

// The bytes of a column that holds exactly N of them.
template <std::size_t N>
base::Result<std::array<unsigned char, N>> array_of(std::string_view column) {
  std::array<unsigned char, N> bytes{};
  if (column.size() != N) return base::fail(base::Why::kBroken, "a database column of the wrong size");
  std::ranges::copy(column, bytes.begin());
  return bytes;
}

template <std::size_t N>
std::string_view view_of(const std::array<unsigned char, N>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), N};
}

}  // namespace mcpbox::monitor
