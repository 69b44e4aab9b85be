// As much of HTTP/1.1 as the bridge needs towards our own gateway: one request a connection, and its answer,
// which is a JSON body or an event stream.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/ctl/bridge_message.h"

namespace mcpbox::ctl {

// "POST /mcp": its head, and the body after it.
[[nodiscard]] std::string http_request(std::string_view method_and_path, const HeaderLines& headers,
                                       std::string_view body);

class ResponseReader {
 public:
  // Takes what was received.  False: it is no answer that could be understood.
  [[nodiscard]] bool feed(std::string_view bytes);
  // The connection has ended: a body without a length is complete now.
  void end();

  // 0 until the head is complete.
  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] const std::string& session() const { return session_; }
  [[nodiscard]] bool complete() const { return part_ == Part::kDone; }
  // What has come since it was last asked: the body when it is complete, or each event's data.
  [[nodiscard]] std::vector<std::string> take() { return std::exchange(messages_, {}); }

 private:
  enum class Part : unsigned char { kHead, kBody, kChunkSize, kChunk, kChunkEnd, kTrailer, kDone };
  bool step();
  bool read_head(std::string_view head);
  bool chunk_size(std::string_view line);
  bool body(std::string_view bytes);
  void event_line(std::string_view line);
  void done();

  Part part_ = Part::kHead;
  std::string held_;  // received and not yet understood
  int status_ = 0;
  std::string session_;
  bool events_ = false;
  bool has_length_ = false;
  std::size_t left_ = 0;  // of the body, or of the chunk
  std::string text_;      // a JSON body, or the unfinished line of a stream
  std::string data_;      // of the event that is being read
  std::vector<std::string> messages_;
};

}  // namespace mcpbox::ctl
