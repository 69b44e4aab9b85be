// Values of any message, by its field list: for properties that must hold for every row of the tables.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <random>

#include "privsep/wire/fields.h"

namespace mcpbox::wire::testing {

using Random = std::mt19937_64;

inline std::size_t below(Random& random, std::size_t bound) { return random() % bound; }

// Lengths that find mistakes: nothing, little, and exactly the bound where that is not megabytes.
inline std::size_t length_up_to(Random& random, std::size_t bound) {
  constexpr std::size_t kLittle = 40;
  if (bound <= 4096 && below(random, 8) == 0) return bound;
  return below(random, std::min(bound, kLittle) + 1);
}

inline std::string random_text(Random& random, std::size_t most) {
  constexpr std::string_view kPieces[] = {"a",    "Z",      "_",      " ",      "\n",
                                          "\x1b", "\u00e4", "\u200b", "\u65e5", "\U0001f600"};
  std::string text;
  while (true) {
    const std::string_view piece = kPieces[below(random, std::size(kPieces))];
    if (text.size() + piece.size() > most) return text;
    text += piece;
  }
}

inline std::string random_bytes(Random& random, std::size_t size) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

template <class F>
void fill(F& field, Random& random) {
  using namespace wire::detail;
  if constexpr (std::same_as<F, bool>) {
    field = below(random, 2) == 1;
  } else if constexpr (std::integral<F>) {
    field = static_cast<F>(random());
  } else if constexpr (std::is_enum_v<F>) {
    do field = static_cast<F>(random() % 64);
    while (!is_known(field));
  } else if constexpr (IsArray<F>::value) {
    for (unsigned char& byte : field) byte = static_cast<unsigned char>(random());
  } else if constexpr (IsText<F>::value) {
    field = F(random_text(random, length_up_to(random, F::kMax)));
  } else if constexpr (IsBytes<F>::value) {
    field = F(random_bytes(random, length_up_to(random, F::kMax)));
  } else if constexpr (IsList<F>::value) {
    field.resize(std::min(length_up_to(random, F::kMax), std::size_t{5}));
    for (auto& item : field) fill(item, random);
  } else if constexpr (IsMaybe<F>::value) {
    if (below(random, 2) == 1) fill(field.emplace(), random);
  } else if constexpr (std::same_as<F, base::Fd>) {
    field.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  } else {
    std::apply([&](auto&... part) { (fill(part, random), ...); }, F::fields(field));
  }
}

// Nothing in it is over its bound or outside its known values.
template <class F>
bool within_bounds(F& field) {
  using namespace wire::detail;
  if constexpr (std::is_enum_v<F>) {
    return is_known(field);
  } else if constexpr (IsText<F>::value) {
    return field.size() <= F::kMax && base::is_utf8(field) && !field.contains('\0');
  } else if constexpr (IsBytes<F>::value) {
    return field.size() <= F::kMax;
  } else if constexpr (IsList<F>::value) {
    for (auto& item : field)
      if (!within_bounds(item)) return false;
    return field.size() <= F::kMax;
  } else if constexpr (IsMaybe<F>::value) {
    return !field || within_bounds(*field);
  } else if constexpr (std::same_as<F, base::Fd>) {
    return static_cast<bool>(field);
  } else if constexpr (Message<F>) {
    return std::apply([&](auto&... part) { return (within_bounds(part) && ...); }, F::fields(field));
  } else {
    return true;
  }
}

}  // namespace mcpbox::wire::testing
