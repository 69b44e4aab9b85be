// Runs in admin, load() before its jail.  Trusts the folder as far as whoever installed it; the path that is
// asked for is only ever looked up.
#include "admin/ui_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>

#include "policy/limits.h"
#include "privsep/base/fd.h"

namespace mcpbox::admin {
namespace {

namespace limits = policy::limits;
namespace fs = std::filesystem;

struct Type {
  std::string_view ending;
  const char* type;
};
constexpr Type kTypes[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".json", "application/json"},
    {".webmanifest", "application/manifest+json"},
    {".woff2", "font/woff2"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".txt", "text/plain; charset=utf-8"},
};

constexpr const char* kUiPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

const char* type_of(std::string_view name) {
  for (const Type& row : kTypes)
    if (name.ends_with(row.ending)) return row.type;
  return nullptr;
}

// FNV-1a: tells versions apart; nobody's safety hangs on it.
std::string etag_of(std::string_view body) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : body) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "\"%016llx\"", static_cast<unsigned long long>(hash));
  return text.data();
}

base::Result<std::string> read_file(const std::string& path) {
  const base::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) return base::fail_errno("a file of the UI cannot be opened");
  struct stat about{};
  if (::fstat(file.get(), &about) != 0) return base::fail_errno("a file of the UI cannot be read");
  if (about.st_size < 0 || static_cast<std::size_t>(about.st_size) > limits::kUiFileBytes)
    return base::fail(base::Why::kInvalid, "a file of the UI is too large");
  // One byte more than it has: whether it grew meanwhile is seen.
  std::string body(static_cast<std::size_t>(about.st_size) + 1, '\0');
  std::size_t size = 0;
  while (size < body.size()) {
    const ssize_t got = ::read(file.get(), body.data() + size, body.size() - size);
    if (got < 0) return base::fail_errno("a file of the UI cannot be read");
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size == body.size())
    return base::fail(base::Why::kBroken, "a file of the UI was written to while it was read: start again");
  body.resize(size);
  return body;
}

// assets/index-BxK2f9a1.js: eight or more signs after the last hyphen.
bool has_hashed_name(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  const std::size_t hyphen = name.substr(0, dot).rfind('-');
  return name.find("assets/") != std::string_view::npos && dot != std::string_view::npos &&
         hyphen != std::string_view::npos && dot - hyphen > 8;
}

bool takes(const http::Headers& asked, std::string_view coding) {
  return asked.joined("accept-encoding").find(coding) != std::string::npos;
}

}  // namespace

base::Result<UiFiles> UiFiles::load(const std::string& folder, std::string_view root) {
  UiFiles ui;
  std::error_code none;
  if (folder.empty() || !fs::is_directory(folder, none)) return ui;
  std::size_t bytes = 0;
  std::size_t count = 0;
  fs::recursive_directory_iterator walk(folder, none);
  for (; !none && walk != fs::recursive_directory_iterator(); walk.increment(none)) {
    if (!walk->is_regular_file(none) || none) continue;
    if (++count > limits::kUiFiles) return base::fail(base::Why::kInvalid, "the UI has too many files");
    std::string name = "/" + walk->path().lexically_relative(folder).generic_string();
    base::Result<std::string> body = read_file(walk->path().string());
    if (!body) return std::unexpected(body.error());
    bytes += body->size();
    if (bytes > limits::kUiBytes) return base::fail(base::Why::kInvalid, "the UI is too large");
    const bool brotli = name.ends_with(".br");
    const bool gzip = name.ends_with(".gz");
    if (brotli || gzip) name.resize(name.size() - 3);
    if (type_of(name) == nullptr) continue;
    File& file = ui.files_[name];
    (brotli ? file.brotli : gzip ? file.gzip : file.body) = std::move(*body);
  }
  if (none) return base::fail(base::Why::kBroken, "the folder of the UI cannot be read");
  std::erase_if(ui.files_, [](const auto& entry) { return entry.second.body.empty(); });
  for (auto& [name, file] : ui.files_) {
    if (const std::size_t head = file.body.find("<head>");
        name == "/index.html" && head != std::string::npos) {
      // Relative names of its parts then work on every page, and under a sub-path.
      file.body.insert(head + 6, "<base href=\"" + std::string(root) + "/\">");
      file.gzip.clear();
      file.brotli.clear();
    }
    file.type = type_of(name);
    file.etag = etag_of(file.body);
    file.forever = has_hashed_name(name);
  }
  return ui;
}

http::Response UiFiles::answer(std::string_view path, const http::Headers& asked) const {
  auto found = files_.find(path);
  const std::string_view last = path.substr(std::min(path.rfind('/') + 1, path.size()));
  if (found == files_.end() && last.find('.') == std::string_view::npos) found = files_.find("/index.html");
  if (found == files_.end()) return {.status = 404, .body = R"({"detail":"There is nothing at this path."})"};
  const File& file = found->second;
  http::Response response{.content_type = file.type};
  response.headers = {{"Cache-Control", file.forever ? "public, max-age=31536000, immutable" : "no-cache"},
                      {"ETag", file.etag},
                      {"Vary", "Accept-Encoding"},
                      {"Content-Security-Policy", kUiPolicy}};
  if (asked.find("if-none-match") == file.etag) {
    response.status = 304;
  } else if (!file.brotli.empty() && takes(asked, "br")) {
    response.headers.emplace_back("Content-Encoding", "br");
    response.body = file.brotli;
  } else if (!file.gzip.empty() && takes(asked, "gzip")) {
    response.headers.emplace_back("Content-Encoding", "gzip");
    response.body = file.gzip;
  } else {
    response.body = file.body;
  }
  return response;
}

}  // namespace mcpbox::admin
