// The members of a request's body, checked one by one: every problem is told, each with its name.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/admin.h"

namespace mcpbox::admin {

class Fields {
 public:
  // only: the members that there may be
  Fields(const json_t* object, std::initializer_list<const char*> only);

  [[nodiscard]] bool has(const char* name) const { return json_object_get(object_, name) != nullptr; }
  // A text of least..most Unicode characters.  Missing: a problem; optional_text(): nothing.
  std::string text(const char* name, std::size_t least, std::size_t most);
  std::optional<std::string> optional_text(const char* name, std::size_t least, std::size_t most);
  std::optional<std::int64_t> optional_number(const char* name, std::int64_t least, std::int64_t most);
  std::optional<bool> optional_boolean(const char* name);
  wire::Id id(const char* name);
  std::optional<wire::Digest> digest(const char* name);
  // One of these words.
  std::string word(const char* name, std::initializer_list<std::string_view> words);
  void wrong(const std::string& name, std::string_view rule);

  [[nodiscard]] bool good() const { return problems_.empty(); }
  // 422 with {"detail":[{"loc":["body",NAME],"msg":RULE,"type":"value_error"}]}
  [[nodiscard]] Response refusal() const;

 private:
  const json_t* object_;
  std::vector<std::pair<std::string, std::string>> problems_;
};

// page and page_size of a query: 1.. and 1..100.
struct Page {
  std::uint32_t page = 1;
  std::uint32_t size = policy::limits::kPageDefault;
};
std::optional<Page> page_of(const Query& query, std::uint32_t standard);
std::optional<wire::Digest> digest_of_hex(std::string_view hex);
std::string hex_of(const wire::Digest& digest);

}  // namespace mcpbox::admin
