// Runs in the gateways and in admin.  Trusts nothing: the text may come from a stolen child.  RFC 8259, and
// DESIGN rule 12.
#include "privsep/http/json_check.h"

#include "policy/limits.h"
#include "privsep/base/visible.h"

namespace mcpbox::http {
namespace {

static_assert(policy::limits::kJsonDepth <= 64, "the stack of open containers is one bit each");

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

constexpr int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

class Scanner {
 public:
  Scanner(std::string_view text, JsonUse use) : text_(text), use_(use) {}

  [[nodiscard]] std::size_t at() const { return at_; }
  [[nodiscard]] bool finished() const { return at_ == text_.size(); }
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  void space() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      const bool line_break = c == '\n' || c == '\r';
      if (c != ' ' && c != '\t' && !(line_break && use_ == JsonUse::kRead)) return;
      ++at_;
    }
  }

  bool string() {
    if (!take('"')) return false;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"') return true;
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c == '\\' && !escape()) return false;
    }
    return false;
  }

  // One whole value with everything in it.
  bool value() {
    const int outside = depth_;
    for (;;) {
      space();
      const Step step = begin();
      if (step == Step::kBad) return false;
      if (step == Step::kInside) continue;
      if (!leave(outside)) return false;
      if (depth_ == outside) return true;
    }
  }

  // `"name" :` in front of a member's value.
  bool member_name() {
    space();
    if (!string()) return false;
    space();
    return take(':');
  }

 private:
  enum class Step : std::uint8_t { kBad, kInside, kComplete };

  // Takes a scalar or an empty container (kComplete), or the opening of one that has contents (kInside).
  Step begin() {
    const char c = peek();
    if (c == '{' || c == '[') return open(c == '{');
    bool good = false;
    if (c == '"')
      good = string();
    else if (c == '-' || is_digit(c))
      good = number();
    else
      good = literal("true") || literal("false") || literal("null");
    return good ? Step::kComplete : Step::kBad;
  }

  Step open(bool object) {
    if (depth_ == static_cast<int>(policy::limits::kJsonDepth)) return Step::kBad;
    ++at_;
    objects_ = (objects_ << 1) | (object ? 1u : 0u);
    ++depth_;
    space();
    if (take(object ? '}' : ']')) {
      close();
      return Step::kComplete;
    }
    if (object && !member_name()) return Step::kBad;
    return Step::kInside;
  }

  void close() {
    objects_ >>= 1;
    --depth_;
  }

  // After a value: closes containers until one goes on with a comma, or the value at `outside` is complete.
  bool leave(int outside) {
    while (depth_ > outside) {
      const bool object = (objects_ & 1) != 0;
      space();
      if (take(',')) return !object || member_name();
      if (!take(object ? '}' : ']')) return false;
      close();
    }
    return true;
  }

  bool escape() {
    const char c = peek();
    if (c == 'u') return unicode();
    if (std::string_view("\"\\/bfnrt").find(c) == std::string_view::npos || c == '\0') return false;
    ++at_;
    return true;
  }

  // At the `u`.
  bool unicode() {
    const int first = four_digits();
    if (first < 0) return false;
    if (use_ == JsonUse::kRead || first < 0xd800 || first > 0xdfff) return true;
    if (first > 0xdbff || !take('\\') || peek() != 'u') return false;
    const int second = four_digits();
    return second >= 0xdc00 && second <= 0xdfff;
  }

  int four_digits() {
    if (text_.size() - at_ < 5) return -1;
    int code = 0;
    for (std::size_t i = 1; i <= 4; ++i) {
      const int digit = hex_value(text_[at_ + i]);
      if (digit < 0) return -1;
      code = code * 16 + digit;
    }
    at_ += 5;
    return code;
  }

  bool digits() {
    if (!is_digit(peek())) return false;
    while (is_digit(peek())) ++at_;
    return true;
  }

  bool number() {
    (void)take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (take('e') || take('E')) {
      if (!take('+')) (void)take('-');
      return digits();
    }
    return true;
  }

  bool literal(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  std::string_view text_;
  JsonUse use_;
  std::size_t at_ = 0;
  std::uint64_t objects_ = 0;  // bit 0: the innermost open container is an object
  int depth_ = 0;
};

JsonKind kind_of(char first) {
  if (first == '{') return JsonKind::kObject;
  if (first == '[') return JsonKind::kArray;
  if (first == '"') return JsonKind::kString;
  return first == '-' || is_digit(first) ? JsonKind::kNumber : JsonKind::kLiteral;
}

}  // namespace

std::optional<JsonKind> check_json(std::string_view text, JsonUse use) {
  if (!base::is_utf8(text)) return std::nullopt;
  Scanner scanner(text, use);
  scanner.space();
  const char first = scanner.peek();
  if (!scanner.value()) return std::nullopt;
  scanner.space();
  if (!scanner.finished()) return std::nullopt;
  return kind_of(first);
}

std::optional<std::string_view> find_member(std::string_view object, std::string_view key) {
  Scanner scanner(object, JsonUse::kRead);
  scanner.space();
  if (!scanner.take('{')) return std::nullopt;
  do {
    scanner.space();
    const std::size_t name = scanner.at();
    if (!scanner.string()) return std::nullopt;
    const std::string_view found = object.substr(name + 1, scanner.at() - name - 2);
    scanner.space();
    if (!scanner.take(':')) return std::nullopt;
    scanner.space();
    const std::size_t value = scanner.at();
    if (!scanner.value()) return std::nullopt;
    if (found == key) return object.substr(value, scanner.at() - value);
    scanner.space();
  } while (scanner.take(','));
  return std::nullopt;
}

}  // namespace mcpbox::http
