// Runs in [egress].  How a request is told to libcurl: everything that it could do by itself is switched off.
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "egress/egress/fetch.h"
#include "egress/egress/grant.h"

// libcurl 7.88 calls connect() on a socket that CURL_SOCKOPT_ALREADY_CONNECTED said is connected, and takes
// EISCONN for a failure.  Once it is told to wait, it looks and finds that all is well.  In the jail the
// filter gives that answer, and the kernel connects nothing.
extern "C" int connect(int fd, const sockaddr* address, socklen_t size) {
  const long done = ::syscall(SYS_connect, static_cast<long>(fd), address, static_cast<long>(size));
  if (done < 0 && errno == EISCONN) errno = EINPROGRESS;
  return static_cast<int>(done);
}

namespace mcpbox::egress {

using protocol::BodyKind;
using protocol::FetchFault;

namespace {

// Written for every host in libcurl's own table of names, so that it never looks one up; connected to never,
// because the socket that it is given is connected already.
constexpr const char* kNowhere = "192.0.2.1";

bool has_header(const protocol::FetchStart& request, std::string_view wanted) {
  const auto same = [wanted](const protocol::HeaderField& header) {
    return std::ranges::equal(header.name, wanted,
                              [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
  };
  return std::ranges::any_of(request.headers, same);
}

}  // namespace

void Fetch::set_up() {
  set_safety();
  set_request();
  set_body();
  set_callbacks();
}

void Fetch::set_safety() {
  CURL* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, request_.tls ? "https" : "http");
  curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(easy, CURLOPT_PROXY, "");  // not even one that the environment names
  curl_easy_setopt(easy, CURLOPT_ALTSVC_CTRL, 0L);
  curl_easy_setopt(easy, CURLOPT_HSTS_CTRL, 0L);
  curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);
  curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, nullptr);  // what is packed stays packed: the child unpacks
  curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  grant_.roots().use_in(easy);
}

void Fetch::set_request() {
  CURL* easy = easy_.get();
  const std::string port = std::to_string(request_.port);
  const std::string url = (request_.tls ? "https://" : "http://") + host_ + ":" + port + "/";
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_REQUEST_TARGET, request_.target.c_str());
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  if (const auto host = policy::read_host(request_.host); host && !host->address) {
    address_.reset(curl_slist_append(nullptr, (host_ + ":" + port + ":" + kNowhere).c_str()));
    curl_easy_setopt(easy, CURLOPT_RESOLVE, address_.get());
  }
  const auto add = [this](const std::string& line) {
    curl_slist* longer = curl_slist_append(headers_.release(), line.c_str());
    if (longer == nullptr) PANIC("no memory for a header");
    headers_.reset(longer);
  };
  // A header without a value ends with a semicolon there; one without anything is left out.
  for (const protocol::HeaderField& header : request_.headers)
    add(header.value.empty() ? header.name + ";" : header.name + ": " + header.value);
  add("Expect:");
  for (const char* unasked : {"accept", "user-agent", "content-type"})
    if (!has_header(request_, unasked)) add(std::string(unasked) + ":");
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_.get());
}

void Fetch::set_body() {
  CURL* easy = easy_.get();
  if (request_.method == "HEAD") curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  if (request_.body == BodyKind::kNone) return;
  curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(
      easy, CURLOPT_INFILESIZE_LARGE,
      request_.body == BodyKind::kSized ? static_cast<curl_off_t>(request_.body_bytes) : curl_off_t{-1});
}

void Fetch::set_callbacks() {
  CURL* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_data);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
  curl_easy_setopt(easy, CURLOPT_READDATA, this);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_socket);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_connected);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, &grant_);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, this);
}

// --- From libcurl -----------------------------------------------------------------------------------------

std::size_t Fetch::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  return static_cast<Fetch*>(self)->take_head_line({data, size * count});
}

std::size_t Fetch::on_data(char* data, std::size_t size, std::size_t count, void* self) {
  return static_cast<Fetch*>(self)->take_data({data, size * count});
}

std::size_t Fetch::on_read(char* into, std::size_t size, std::size_t count, void* self) {
  return static_cast<Fetch*>(self)->give_body(into, size * count);
}

curl_socket_t Fetch::on_socket(void* self, curlsocktype /*purpose*/, curl_sockaddr* address) {
  Fetch& fetch = *static_cast<Fetch*>(self);
  if (!fetch.socket_) {
    fetch.wants_socket_ = true;
    return CURL_SOCKET_BAD;
  }
  // libcurl compares what it was given with what it asked for in nothing but the family.
  address->family = AF_INET;
  fetch.holds_connection_ = false;
  return fetch.socket_.release();
}

int Fetch::on_connected(void* /*self*/, curl_socket_t /*fd*/, curlsocktype /*purpose*/) {
  return CURL_SOCKOPT_ALREADY_CONNECTED;
}

// A connection outlives the exchange that it was made for, and not the grant.
int Fetch::on_close(void* grant, curl_socket_t fd) {
  static_cast<Grant*>(grant)->connection_gone();
  return ::close(fd);
}

// Over this connection, new or kept.  libcurl also comes here by itself, with another kept connection after
// the first one died.
int Fetch::before_request(void* self, char* primary, char* /*local*/, int /*primary_port*/,
                          int /*local_port*/) {
  Fetch& fetch = *static_cast<Fetch*>(self);
  if (fetch.sending_ && !fetch.may_be_sent_again())
    fetch.fault_ = {FetchFault::kRead, kPerhapsDone};
  else if (!fetch.may_use(primary))
    fetch.fault_ = {FetchFault::kInvalid, kInClear};
  if (!fetch.fault_.text.empty()) return CURL_PREREQFUNC_ABORT;
  if (!std::exchange(fetch.sending_, true)) fetch.grant_.count_request();
  fetch.progress();
  return CURL_PREREQFUNC_OK;
}

}  // namespace mcpbox::egress
