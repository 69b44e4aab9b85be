// Runs in mcpboxctl.  Looks at files by their metadata only; opens none of them.
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "admin/ctl/doctor.h"

namespace mcpbox::ctl {
namespace {

constexpr std::uint64_t kLittleDisk = 256ULL << 20;  // bytes: PostgreSQL stops writing soon after
constexpr std::uint64_t kSomeDisk = 1ULL << 30;

Finding folder_finding(const std::string& folder, const struct stat& about) {
  if ((about.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return {Health::kProblem, "others can write into " + folder, "chmod go-w " + folder};
  return {Health::kGood, "only its owner can write into " + folder, ""};
}

// A file that must not be open to others.  bits: the permissions that nobody but the owner may have.
void look_at_file(Findings& findings, const std::string& path, mode_t bits, uid_t owner) {
  struct stat about{};
  if (::lstat(path.c_str(), &about) != 0) {
    if (errno == ENOENT)
      findings.push_back({Health::kNote, "there is no " + path, "name the state folder with --state"});
    if (errno == EACCES) findings.push_back({Health::kNote, path + " cannot be seen by this user", ""});
    return;
  }
  if (!S_ISREG(about.st_mode) || about.st_uid != owner)
    findings.push_back(
        {Health::kProblem, path + " is not a file of the folder's owner", "find out who put it there"});
  else if ((about.st_mode & bits) != 0)
    findings.push_back({Health::kProblem, path + " is open to others", "chmod go-rwx " + path});
  else
    findings.push_back({Health::kGood, path + " is its owner's", ""});
}

Finding disk_finding(const std::string& folder) {
  struct statvfs disk{};
  if (::statvfs(folder.c_str(), &disk) != 0)
    return {Health::kNote, "disk space of " + folder + " is unknown", ""};
  const std::uint64_t free_bytes = static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
  const std::string text = std::to_string(free_bytes >> 20) + " MiB free for " + folder;
  if (free_bytes < kLittleDisk)
    return {Health::kProblem, text, "make room: calls stop when the audit cannot be written"};
  return {free_bytes < kSomeDisk ? Health::kNote : Health::kGood, text, ""};
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t begin = line.find_first_not_of(' ');
    if (begin == std::string_view::npos) return words;
    line.remove_prefix(begin);
    words.push_back(line.substr(0, line.find(' ')));
    line.remove_prefix(words.back().size());
  }
}

bool is_loopback_name(std::string_view address) {
  return address.starts_with("127.") || address.starts_with("[::1]:");
}

// The kernel prints each 32-bit word of an address in host order: 127.0.0.1 is 0100007F.
bool is_loopback_hex(std::string_view hex) {
  constexpr std::string_view kV6Loopback = "00000000000000000000000001000000";
  constexpr std::string_view kMappedPrefix = "0000000000000000FFFF0000";
  if (hex.starts_with(kMappedPrefix)) hex.remove_prefix(kMappedPrefix.size());
  return hex == kV6Loopback || (hex.size() == 8 && hex.substr(6) == "7F");
}

}  // namespace

Findings look_at_state(const std::string& folder, const std::string& config) {
  struct stat about{};
  if (::stat(folder.c_str(), &about) != 0)
    return {{Health::kProblem, "no state folder at " + folder + ": " + std::strerror(errno),
             "name it with --state DIR"}};
  Findings findings = {folder_finding(folder, about)};
  look_at_file(findings, config, S_IWGRP | S_IWOTH, about.st_uid);
  look_at_file(findings, folder + "/master.key", S_IRWXG | S_IRWXO, about.st_uid);
  const std::string next = folder + "/master.key.next";
  if (::access(next.c_str(), F_OK) == 0) {
    look_at_file(findings, next, S_IRWXG | S_IRWXO, about.st_uid);
    findings.push_back({Health::kProblem, "a rotation of the master key was cut: " + next + " is still there",
                        "keep both files, and run: sudo mcpboxctl key rotate"});
  }
  findings.push_back(disk_finding(folder));
  return findings;
}

std::vector<ListeningSocket> listening_in(std::string_view table) {
  constexpr std::string_view kListen = "0A";
  std::vector<ListeningSocket> sockets;
  while (!table.empty()) {
    const std::size_t end = table.find('\n');
    const std::vector<std::string_view> words = words_of(table.substr(0, end));
    table.remove_prefix(end == std::string_view::npos ? table.size() : end + 1);
    if (words.size() < 4 || words[3] != kListen) continue;
    const std::size_t colon = words[1].find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view address = words[1].substr(0, colon);
    const std::string_view port = words[1].substr(colon + 1);
    std::uint16_t number = 0;
    const auto [rest, error] = std::from_chars(port.data(), port.data() + port.size(), number, 16);
    if (error != std::errc{} || rest != port.data() + port.size()) continue;
    sockets.push_back(
        {.address = std::string(address), .port = number, .loopback = is_loopback_hex(address)});
  }
  return sockets;
}

Findings look_at_listeners(const protocol::Status& status, std::string_view tables) {
  Findings findings;
  const std::vector<ListeningSocket> sockets = listening_in(tables);
  for (const auto& listener : status.listeners) {
    const std::string port = ":" + listener.substr(listener.rfind(':') + 1);
    const auto same_port = [&](const ListeningSocket& one) { return port == ":" + std::to_string(one.port); };
    const auto open = [&](const ListeningSocket& one) { return same_port(one) && !one.loopback; };
    if (!is_loopback_name(listener))
      findings.push_back(
          {Health::kProblem, listener + " is not a loopback address", "listen on 127.0.0.1 and [::1] only"});
    else if (std::ranges::any_of(sockets, open))
      findings.push_back({Health::kProblem,
                          "something listens on port " + port.substr(1) + " beyond loopback",
                          "find it with `ss -ltnp` and stop it"});
    else if (std::ranges::none_of(sockets, same_port))
      findings.push_back({Health::kProblem, "nobody listens on " + listener, "look into the log"});
    else
      findings.push_back({Health::kGood, listener + " is on loopback only", ""});
  }
  return findings;
}

}  // namespace mcpbox::ctl
