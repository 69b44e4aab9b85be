// Names to addresses, as every other program of this machine would: getaddrinfo(), each in a process of its
// own that lives for one name, because it cannot be cancelled and may wait for as long as it likes.
#pragma once

#include <sys/types.h>

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "policy/addresses.h"
#include "privsep/base/fd.h"
#include "privsep/loop/loop.h"

namespace mcpbox::dialer {

using Addresses = std::vector<policy::Address>;

// In the process before its jail: loads the libraries of the name services that /etc/nsswitch.conf lists for
// hosts, which cannot be loaded later.
void load_name_services();

class Resolver {
 public:
  explicit Resolver(loop::Loop& loop) : loop_(loop) {}
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
  ~Resolver();

  // At most limits::kResolvers at a time; others wait.  Cancelled by destroying the task.
  //   kNotFound  there is no such name, it has no address, or nobody could tell;  kTimeout  no turn came
  loop::Task<Addresses> resolve(std::string name, std::int64_t patience_ms);

 private:
  struct Helper;
  class Place;
  loop::Task<Addresses> run(const std::string& name, std::int64_t patience_ms);

  loop::Loop& loop_;
  std::size_t running_ = 0;
  std::deque<loop::Later<loop::Nothing>> waiting_;
};

}  // namespace mcpbox::dialer
