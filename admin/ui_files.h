// The files of the web UI, read once before the jail and kept in memory: afterwards there is no file to open.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "privsep/base/error.h"
#include "privsep/http/exchange.h"

namespace mcpbox::admin {

class UiFiles {
 public:
  // Everything below `folder`: NAME.br and NAME.gz are NAME, compressed beforehand.  A folder that is not
  // there is an empty UI.
  //   root  the sub-path that pages are reached under, for index.html's <base>
  static base::Result<UiFiles> load(const std::string& folder, std::string_view root);

  [[nodiscard]] bool empty() const { return files_.empty(); }
  // The file at this path of a URL; index.html for a page of the UI, which finds its own way.
  //   returns  404 for a name with an ending that is not there
  [[nodiscard]] http::Response answer(std::string_view path, const http::Headers& asked) const;

 private:
  struct File {
    std::string body, gzip, brotli;
    std::string type;
    std::string etag;
    bool forever = false;  // its name changes with its content
  };
  std::map<std::string, File, std::less<>> files_;
};

}  // namespace mcpbox::admin
