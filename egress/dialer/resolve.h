// Names to addresses, as every other program of this machine would: getaddrinfo(), each in a process of its
// own that lives for one name, because it cannot be cancelled and may wait for as long as it likes.
#pragma once

#include <sys/types.h>

#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "policy/addresses.h"
#include "privsep/base/fd.h"
#include "privsep/loop/loop.h"
#include "privsep/wire/fields.h"

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

  // At most limits::kResolvers at a time, and kOfOneCall of one call; others wait, and of those the next is
  // one whose call has the fewest.  Cancelled by destroying the task.
  //   kNotFound  there is no such name, it has no address, or nobody could tell;  kTimeout  no turn came
  loop::Task<Addresses> resolve(wire::Id call, std::string name, std::int64_t patience_ms);

  static constexpr std::size_t kOfOneCall = 8;

 private:
  struct Helper;
  class Place;
  class Turn;
  loop::Task<Addresses> run(const std::string& name, std::int64_t patience_ms);
  [[nodiscard]] std::size_t running_of(const wire::Id& call) const;
  void give_places();

  loop::Loop& loop_;
  std::size_t running_ = 0;
  std::map<wire::Id, std::size_t> of_call_;
  std::list<Turn*> waiting_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // false once destroyed, seen by places
};

}  // namespace mcpbox::dialer
