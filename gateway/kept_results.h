// What was cut from results, for their callers to read: in this process, for a while, within bounds.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "privsep/base/clock.h"

namespace mcpbox::gateway {

class KeptResults {
 public:
  explicit KeptResults(const base::Clock& clock) : clock_(clock) {}

  // The URI of the first of these parts; the next ones count on from it.  Beyond the limits the oldest goes.
  //   number   of the first part
  std::string keep(const std::string& who, std::vector<std::string> parts, std::size_t number);

  // The part behind this URI, with a note where it goes on.  Nothing when there is none, it is forgotten, or
  // it is somebody else's: which of these is nobody's business.
  [[nodiscard]] std::optional<std::string> read(const std::string& who, std::string_view uri);

  [[nodiscard]] static bool is_ours(std::string_view uri) { return uri.starts_with(kPrefix); }
  [[nodiscard]] std::size_t size() const { return all_.size(); }

 private:
  static constexpr std::string_view kPrefix = "mcpbox://results/";
  struct Kept {
    std::string id;  // 128 random bits
    std::string who;
    std::vector<std::string> parts;
    std::size_t first = 2;
    std::size_t bytes = 0;
    std::int64_t until_ms = 0;
  };
  void make_room(const std::string& who, std::size_t bytes);
  void forget(std::list<Kept>::iterator one);

  const base::Clock& clock_;
  std::list<Kept> all_;  // oldest first
  std::size_t bytes_ = 0;
};

}  // namespace mcpbox::gateway
