// Between a client that speaks MCP over standard input and output, one message a line, and the gateway's Unix
// socket.  Each message is a request of its own connection, so that closing one withdraws exactly one.
//
//   era         who keeps what
//   2026-07-28  nothing: each message says all; notifications/cancelled closes the connection of its request
//   earlier     the session that `initialize` opened, and one GET stream for what comes unasked; when the
//   session
//               is gone (a day idle), it is opened again with the client's own `initialize`
#pragma once

#include <deque>
#include <list>
#include <string>
#include <string_view>

#include "admin/ctl/bridge_http.h"
#include "admin/ctl/bridge_message.h"
#include "privsep/base/fd.h"

namespace mcpbox::ctl {

class Bridge {
 public:
  struct Ends {
    int in = 0;  // of the client
    int out = 1;
    int stop = -1;  // readable when we are to end: a signalfd
  };
  // socket: the path of mcp.sock.  path: "/mcp", or "/mcp/servers/NAME".
  Bridge(Ends ends, std::string socket, std::string path)
      : ends_(ends), socket_(std::move(socket)), path_(std::move(path)) {}

  // Until the client hangs up; what it then still waits for is withdrawn.
  void run();

 private:
  enum class Purpose : unsigned char {
    kRequest,  // the client waits for an answer
    kOrdered,  // a notification, or an answer of the client's: the next message waits until it is taken
    kStream,   // the GET stream
    kReopen,   // our own `initialize` after the session was lost
    kGoodbye,  // on the way out
  };
  struct Exchange {
    Purpose purpose = Purpose::kRequest;
    base::Fd socket;
    std::string unsent;
    ResponseReader reader;
    BridgeMessage about;
    std::string text;       // the message itself, until it is answered
    bool answered = false;  // or withdrawn: nobody waits for an answer
    bool again = false;     // sent for the second time, in another session
    bool over = false;
  };

  void read_client();
  void take_line(std::string_view line);
  void send_next();
  void send(std::string text, const BridgeMessage& message, bool again);
  Exchange* begin(Purpose purpose, std::string_view verb, HeaderLines headers, std::string_view body);
  void withdraw(const std::string& id);
  void open_stream();
  void reopen_session();

  void write_some(Exchange& one);
  void read_some(Exchange& one);
  void deliver(Exchange& one, std::string_view message);
  void ended(Exchange& one);
  void say(std::string_view line);
  void say_goodbye();
  void finish();
  [[nodiscard]] HeaderLines in_session() const;
  [[nodiscard]] bool may_read() const;
  void turn(int patience_ms);

  Ends ends_;
  std::string socket_;
  std::string path_;
  std::list<Exchange> exchanges_;
  std::string partial_;              // an unfinished line of the client's
  bool too_long_ = false;            // and it is dropped until its end
  std::deque<std::string> waiting_;  // lines that follow something that must be taken first
  bool open_ = true;                 // the client is there
  bool ordered_ = false;             // something is on its way that the next message must not overtake
  std::string session_, version_;    // of the earlier era
  std::string initialize_;           // the client's own, to open the session again
  bool listening_ = false;           // the GET stream is wanted
  bool stream_up_ = false;
  bool stream_was_up_ = false;
  long long stream_again_ms_ = 0;
};

}  // namespace mcpbox::ctl
