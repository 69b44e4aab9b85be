// What a request must pass before the admin API looks at it: head, Host, Origin, the session's token, path
// and query.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "admin/fields.h"
#include "admin/query.h"
#include "admin/routes.h"
#include "admin/site.h"
#include "tests/fuzz/decoding.h"

namespace {

using namespace mcpbox;

http::RequestHead head_from(std::string_view text) {
  http::RequestHead head{.method = http::Method::kPost};
  const std::string_view target = text.substr(0, text.find('\n'));
  const std::size_t question = target.find('?');
  head.path = target.substr(0, question);
  if (question != std::string_view::npos) head.query = target.substr(question + 1);
  text.remove_prefix(std::min(target.size() + 1, text.size()));
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t colon = std::min(line.find(':'), line.size());
    head.headers.add(line.substr(0, colon), line.substr(std::min(colon + 1, line.size())));
  }
  return head;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static admin::Site site = [] {
    admin::Site made(
        {.ui = "", .url = "https://box.example/m", .proxies = {"127.0.0.1"}, .cors = {"https://a.example"}});
    made.listen({"127.0.0.1:3000"});
    return made;
  }();
  const http::RequestHead head = head_from({reinterpret_cast<const char*>(data), size});
  const std::optional<admin::Token> token = admin::token_of(head.headers);
  fuzz::require(!token || (token->text.size() == 64 &&
                           token->text.find_first_not_of("0123456789abcdef") == std::string::npos));
  const bool passed = site.check(head).has_value();
  // What passes as a change by cookie was asked for by a page of ours.
  if (passed && token && token->cookie) {
    const std::string origin(head.headers.find("origin").value_or(""));
    const std::string from(head.headers.find("sec-fetch-site").value_or(""));
    fuzz::require(origin.starts_with("http://") || origin == "https://box.example" || from == "same-origin" ||
                  from == "none");
  }
  fuzz::require(site.client_of("127.0.0.1", head.headers).size() <= 45);
  const std::string below = site.below_root(head.path);
  for (const admin::Route& route : admin::routes()) static_cast<void>(admin::match(route.path, below));
  if (const std::optional<admin::Query> query = admin::Query::parse(head.query))
    static_cast<void>(admin::page_of(*query, 20));
  return 0;
}
