// One HTTP exchange of a call: a libcurl transfer between a socket from the dialer and the child's stream.
//
//   begin -> [a placeholder in it] -> values from the monitor -.
//         '----------------------------------------------------+-> start
//   start -> [a kept connection is free] ------------------> head, data..., end
//         '-> [libcurl wants a socket] -> dial -> start again
//
// Nothing has been sent when libcurl asks for a socket, so starting again repeats nothing; where it asks
// because a kept connection turned out to be dead, only what may be repeated (RFC 9110, 9.2.2) is.
#pragma once

#include <curl/curl.h>

#include <deque>
#include <memory>
#include <string>

#include "egress/egress/faults.h"
#include "egress/egress/head.h"
#include "egress/egress/multi.h"
#include "egress/egress/redactor.h"
#include "privsep/loop/loop.h"
#include "privsep/protocol/messages_egress.h"

namespace mcpbox::egress {

class Grant;

// A placeholder of a sealed secret stands where no value is filled in.
inline constexpr const char* kPlaceholderRefused =
    "the request holds the placeholder of a sealed secret and is not sent";

inline constexpr const char* kInClear =
    "a sealed secret goes over TLS, or to an approved host of the local network: use https://";
inline constexpr const char* kPerhapsDone =
    "the server closed a kept connection while the request was sent: whether it was carried out is not known";

// A value while the call lives, overwritten after it.
using Sealed = std::shared_ptr<const protocol::SecretValue>;

class Fetch : public std::enable_shared_from_this<Fetch> {
 public:
  Fetch(Grant& grant, protocol::FetchStart request);
  Fetch(const Fetch&) = delete;
  Fetch& operator=(const Fetch&) = delete;
  ~Fetch();

  void begin();
  // Over a kept connection if there is one, else over a new one.
  void start();
  // More of the request's body.  False when the child sent more than it was given room for.
  [[nodiscard]] bool take_body(std::string_view data, bool last);
  // The child has read so much of the response.
  void take_room(std::uint32_t bytes);
  // libcurl is done with it.
  void ended(CURLcode result);

  static Fetch& of(CURL* easy);

 private:
  using List = std::unique_ptr<curl_slist, base::FreeWith<curl_slist_free_all>>;
  void set_up();
  void set_safety();
  void set_request();
  void set_body();
  void set_callbacks();
  loop::Task<> dial();

  // secrets.cc
  [[nodiscard]] bool reads_whole_body() const;
  void look_for_secrets();
  loop::Task<> fill_in_secrets();
  void start_with_secret();
  enum class Report : std::uint8_t { kNo, kYes };
  void refuse_placeholder(const std::string& why, Report report);
  [[nodiscard]] bool may_use(std::string_view peer);
  void report_refused(base::Why why);
  void redact_head();
  void wipe();

  void fail(const Fault& fault);
  [[nodiscard]] bool may_be_sent_again() const;
  // Of the request's body there is more to come, or more than the server has taken.
  [[nodiscard]] bool sends_body() const { return !body_complete_ || !body_.empty(); }
  void progress();
  [[nodiscard]] Fault silence() const;
  void resume_when_there_is_room();
  void go_on();

  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_data(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_read(char* into, std::size_t size, std::size_t count, void* self);
  static curl_socket_t on_socket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int on_connected(void* self, curl_socket_t fd, curlsocktype purpose);
  static int on_close(void* grant, curl_socket_t fd);
  static int before_request(void* self, char* primary, char* local, int primary_port, int local_port);

  std::size_t take_head_line(std::string_view line);
  std::size_t take_data(std::string_view data);
  void send_data(std::string_view data);
  std::size_t give_body(char* into, std::size_t room);
  [[nodiscard]] const char* length_problem(bool last) const;

  Grant& grant_;
  protocol::FetchStart request_;
  std::string host_;  // as in a URL
  Easy easy_;
  List headers_;
  List address_;
  base::Fd socket_;  // from the dialer, until libcurl takes it
  bool wants_socket_ = false;
  bool holds_connection_ = false;  // of those that the call may have; libcurl holds it with the socket
  bool set_up_ = false;
  bool added_ = false;
  bool sending_ = false;            // a request has begun to be sent
  std::int64_t connect_by_ms_ = 0;  // from when it has its turn to connect
  Head head_;
  Fault fault_;         // why we stopped it ourselves
  std::size_t credit_;  // of the response's body
  bool reading_paused_ = false;
  std::deque<std::string> body_;
  std::size_t body_offset_ = 0;
  std::size_t body_queued_ = 0;
  std::uint64_t body_taken_ = 0;  // from the child
  bool body_complete_ = false;
  std::string seam_;  // the end of what came, where a placeholder may have begun
  bool writing_paused_ = false;
  bool reading_whole_ = false;  // the body, before anything is sent
  std::string whole_body_;
  bool carries_secret_ = false;
  Redactor redactor_;
  loop::Timer idle_;
  loop::Timer retry_;
};

}  // namespace mcpbox::egress
