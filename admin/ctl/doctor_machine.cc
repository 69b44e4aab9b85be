// Runs in mcpboxctl.  The clock, the random numbers, and how MCPbox was installed.
#include <sys/random.h>
#include <sys/timex.h>

#include <chrono>
#include <filesystem>

#include "admin/ctl/doctor.h"

namespace mcpbox::ctl {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kEarliest = 1'735'689'600;  // 2025-01-01: no build of MCPbox is older
constexpr const char* kUnits[] = {"mcpboxd.service", "mcpbox-db.service"};

bool there_is(const std::string& path) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(path, ignored));
}

}  // namespace

Findings judge_clock(bool synchronised, std::int64_t seconds) {
  if (seconds < kEarliest)
    return {{Health::kProblem, "the clock is years behind: approvals and the log carry its times",
             "timedatectl set-ntp true, or set it by hand"}};
  if (!synchronised)
    return {{Health::kNote, "nothing keeps the clock right: times in the log may drift",
             "systemctl enable --now systemd-timesyncd"}};
  return {{Health::kGood, "the clock is kept right", ""}};
}

Findings judge_entropy(bool ready) {
  if (ready) return {{Health::kGood, "the kernel has random numbers", ""}};
  return {{Health::kProblem, "the kernel has no random numbers yet: no key can be made",
           "wait a moment; on a virtual machine give it a virtio-rng device"}};
}

Findings look_at_machine() {
  struct timex clock{};
  const bool synchronised = ::adjtimex(&clock) != TIME_ERROR && (clock.status & STA_UNSYNC) == 0;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  Findings findings =
      judge_clock(synchronised, std::chrono::duration_cast<std::chrono::seconds>(now).count());
  char byte = 0;
  findings.push_back(judge_entropy(::getrandom(&byte, 1, GRND_NONBLOCK) == 1).front());
  return findings;
}

Findings look_at_units(const std::string& root) {
  const bool installed = there_is(root + "/lib/systemd/system/mcpboxd.service") ||
                         there_is(root + "/usr/lib/systemd/system/mcpboxd.service");
  if (!installed) return {};
  Findings findings;
  const std::string own = "/etc/systemd/system/";
  if (!there_is(root + own + "multi-user.target.wants/mcpbox.target"))
    findings.push_back(
        {Health::kNote, "MCPbox does not start with the machine", "systemctl enable mcpbox.target"});
  for (const std::string unit : kUnits) {
    if (there_is(root + own + unit))
      findings.push_back(
          {Health::kNote, own + unit + " stands in for the unit that was installed",
           "systemd-analyze security " + unit + " tells what it gives up; remove it if nothing needs it"});
    else if (there_is(root + own + unit + ".d"))
      findings.push_back(
          {Health::kNote, own + unit + ".d changes the unit that was installed",
           "systemctl cat " + unit + " shows how, systemd-analyze security " + unit + " what it gives up"});
  }
  if (findings.empty())
    findings.push_back(
        {Health::kGood, "the units are as they were installed, and start with the machine", ""});
  return findings;
}

}  // namespace mcpbox::ctl
