// The codec.  A message is a struct with one list of its fields,
//   static auto fields(auto& m) { return std::tie(m.ticket, m.name); }
// and both encode() and decode() walk that list, so they cannot drift apart.  Field types:
//   bool, integers, enums     fixed size; a bool must be 0 or 1; an enum must pass its is_known(value)
//   Id, Digest                16 and 32 bytes as they are
//   Text<N>                   at most N bytes of UTF-8 without NUL
//   Bytes<N>                  at most N bytes of anything
//   List<M, N>                at most N messages
//   Maybe<F>                  one byte, then the field if it is there
//   base::Fd                  travels beside the frame as SCM_RIGHTS
// Bounds are checked at both ends.  Trailing bytes and missing or surplus descriptors are errors.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "privsep/base/error.h"
#include "privsep/base/fd.h"
#include "privsep/base/visible.h"
#include "privsep/wire/frame.h"

namespace mcpbox::wire {

using Id = std::array<unsigned char, 16>;      // a random UUID: servers, tools, calls, tickets
using Digest = std::array<unsigned char, 32>;  // BLAKE2b-256

template <std::size_t N>
struct Text : std::string {
  static constexpr std::size_t kMax = N;
  using std::string::string;
  Text() = default;
  Text(std::string text) : std::string(std::move(text)) {}  // NOLINT(google-explicit-constructor)
  Text(std::string_view text) : std::string(text) {}        // NOLINT(google-explicit-constructor)
};

template <std::size_t N>
struct Bytes : std::string {
  static constexpr std::size_t kMax = N;
  using std::string::string;
  Bytes() = default;
  Bytes(std::string bytes) : std::string(std::move(bytes)) {}  // NOLINT(google-explicit-constructor)
  Bytes(std::string_view bytes) : std::string(bytes) {}        // NOLINT(google-explicit-constructor)
};

template <class M, std::size_t N>
struct List : std::vector<M> {
  static constexpr std::size_t kMax = N;
  using std::vector<M>::vector;
};

template <class F>
using Maybe = std::optional<F>;

namespace detail {

template <class T>
struct IsText : std::false_type {};
template <std::size_t N>
struct IsText<Text<N>> : std::true_type {};
template <class T>
struct IsBytes : std::false_type {};
template <std::size_t N>
struct IsBytes<Bytes<N>> : std::true_type {};
template <class T>
struct IsList : std::false_type {};
template <class M, std::size_t N>
struct IsList<List<M, N>> : std::true_type {};
template <class T>
struct IsMaybe : std::false_type {};
template <class F>
struct IsMaybe<std::optional<F>> : std::true_type {};
template <class T>
struct IsArray : std::false_type {};
template <std::size_t N>
struct IsArray<std::array<unsigned char, N>> : std::true_type {};

}  // namespace detail

template <class M>
concept Message = requires(M& m) { M::fields(m); };

class Writer {
 public:
  void integer(std::uint64_t value, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) frame_.payload += static_cast<char>(value >> (8 * i));
  }
  void raw(std::string_view bytes) { frame_.payload.append(bytes); }
  void fd(base::Fd& descriptor) {
    if (!descriptor || frame_.fds.size() == kMaxFds) return refuse();
    frame_.fds.push_back(std::move(descriptor));
  }
  void refuse() { ok_ = false; }
  [[nodiscard]] bool ok() const { return ok_; }
  Frame take() {
    frame_.header.length = static_cast<std::uint32_t>(frame_.payload.size());
    frame_.header.fds = static_cast<std::uint8_t>(frame_.fds.size());
    return std::move(frame_);
  }

 private:
  Frame frame_;
  bool ok_ = true;
};

class Reader {
 public:
  explicit Reader(Frame& frame) : rest_(frame.payload), frame_(frame) {}
  std::uint64_t integer(std::size_t bytes) {
    const std::string_view part = raw(bytes);
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < part.size(); ++i)
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(part[i])) << (8 * i);
    return value;
  }
  std::string_view raw(std::size_t bytes) {
    if (bytes > rest_.size()) {
      refuse();
      return {};
    }
    const std::string_view part = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return part;
  }
  void fd(base::Fd& into) {
    if (next_fd_ >= frame_.fds.size()) return refuse();
    into = std::move(frame_.fds[next_fd_++]);
  }
  void refuse() {
    ok_ = false;
    rest_ = {};
  }
  [[nodiscard]] bool ok() const { return ok_; }
  // Everything that was sent has been read, and nothing else was sent.
  [[nodiscard]] bool finished() const { return ok_ && rest_.empty() && next_fd_ == frame_.fds.size(); }

 private:
  std::string_view rest_;
  Frame& frame_;
  std::size_t next_fd_ = 0;
  bool ok_ = true;
};

template <class F>
void put_field(Writer& out, F& field) {
  using namespace detail;
  if constexpr (std::same_as<F, bool> || std::integral<F>) {
    out.integer(static_cast<std::uint64_t>(field), sizeof(F));
  } else if constexpr (std::is_enum_v<F>) {
    out.integer(static_cast<std::uint64_t>(field), sizeof(F));
  } else if constexpr (IsArray<F>::value) {
    out.raw({reinterpret_cast<const char*>(field.data()), field.size()});
  } else if constexpr (IsText<F>::value || IsBytes<F>::value) {
    if (field.size() > F::kMax) return out.refuse();
    if constexpr (IsText<F>::value)
      if (field.find('\0') != std::string::npos || !base::is_utf8(field)) return out.refuse();
    out.integer(field.size(), 4);
    out.raw(field);
  } else if constexpr (IsList<F>::value) {
    if (field.size() > F::kMax) return out.refuse();
    out.integer(field.size(), 4);
    for (auto& item : field) put_field(out, item);
  } else if constexpr (IsMaybe<F>::value) {
    out.integer(field ? 1 : 0, 1);
    if (field) put_field(out, *field);
  } else if constexpr (std::same_as<F, base::Fd>) {
    out.fd(field);
  } else {
    static_assert(Message<F>, "a field type that the codec does not know");
    std::apply([&](auto&... part) { (put_field(out, part), ...); }, F::fields(field));
  }
}

template <class F>
void get_field(Reader& in, F& field) {
  using namespace detail;
  if constexpr (std::same_as<F, bool>) {
    const std::uint64_t value = in.integer(1);
    if (value > 1) in.refuse();
    field = value == 1;
  } else if constexpr (std::integral<F>) {
    field = static_cast<F>(in.integer(sizeof(F)));
  } else if constexpr (std::is_enum_v<F>) {
    field = static_cast<F>(in.integer(sizeof(F)));
    if (!is_known(field)) in.refuse();
  } else if constexpr (IsArray<F>::value) {
    const std::string_view part = in.raw(field.size());
    if (part.size() == field.size()) std::memcpy(field.data(), part.data(), part.size());
  } else if constexpr (IsText<F>::value || IsBytes<F>::value) {
    const std::uint64_t size = in.integer(4);
    if (size > F::kMax) return in.refuse();
    field.assign(in.raw(size));
    if constexpr (IsText<F>::value)
      if (field.find('\0') != std::string::npos || !base::is_utf8(field)) in.refuse();
  } else if constexpr (IsList<F>::value) {
    const std::uint64_t count = in.integer(4);
    if (count > F::kMax) return in.refuse();
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) get_field(in, field.emplace_back());
  } else if constexpr (IsMaybe<F>::value) {
    bool there = false;
    get_field(in, there);
    if (there && in.ok()) get_field(in, field.emplace());
  } else if constexpr (std::same_as<F, base::Fd>) {
    in.fd(field);
  } else {
    static_assert(Message<F>, "a field type that the codec does not know");
    std::apply([&](auto&... part) { (get_field(in, part), ...); }, F::fields(field));
  }
}

// The largest payload that a message of this type can have: the reader's limit for its row.
template <class F>
constexpr std::size_t max_bytes() {
  using namespace detail;
  if constexpr (std::same_as<F, base::Fd>) {
    return 0;
  } else if constexpr (std::integral<F> || std::is_enum_v<F>) {
    return sizeof(F);
  } else if constexpr (IsArray<F>::value) {
    return std::tuple_size_v<F>;
  } else if constexpr (IsText<F>::value || IsBytes<F>::value) {
    return 4 + F::kMax;
  } else if constexpr (IsList<F>::value) {
    return 4 + F::kMax * max_bytes<typename F::value_type>();
  } else if constexpr (IsMaybe<F>::value) {
    return 1 + max_bytes<typename F::value_type>();
  } else {
    using Tuple = decltype(F::fields(std::declval<F&>()));
    return []<std::size_t... I>(std::index_sequence<I...>) {
      return (std::size_t{0} + ... + max_bytes<std::remove_cvref_t<std::tuple_element_t<I, Tuple>>>());
    }(std::make_index_sequence<std::tuple_size_v<Tuple>>{});
  }
}

// Moves the message's descriptors into the frame.  kInvalid when a bound is exceeded.
template <Message M>
base::Result<Frame> encode(M& message) {
  Writer out;
  put_field(out, message);
  if (!out.ok()) return base::fail(base::Why::kInvalid, "a field is over its bound or not UTF-8 text");
  return out.take();
}

// kInvalid unless the frame is exactly one well-formed M.
template <Message M>
base::Result<M> decode(Frame& frame) {
  M message;
  Reader in(frame);
  get_field(in, message);
  if (!in.finished()) return base::fail(base::Why::kInvalid, "a message that does not have its row's layout");
  return message;
}

}  // namespace mcpbox::wire
