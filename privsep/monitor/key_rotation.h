// Another master key in the place of the one in use, while everything runs.
//
//   1  the sealed rows are read, and those whose seal fits are sealed with the new key; values are closed
//   again 2  they, the name of the new key and the record of it are one transaction 3  when that is stored,
//   and before anything else is written, the new keys take the place of the old
//
// A row that was changed between 1 and 2 would keep its old seal: then nothing is written, and it begins
// again. A seal that does not fit is left as it is: a rotation must not make a forged row good.
#pragma once

#include <vector>

#include "privsep/base/fd.h"
#include "privsep/monitor/keys.h"
#include "privsep/monitor/secrets.h"
#include "privsep/monitor/store.h"
#include "privsep/protocol/messages_keys.h"

namespace mcpbox::monitor {

class Monitor;

class KeyRotation {
 public:
  KeyRotation(Monitor& monitor, Keys& keys) : m_(monitor), keys_(keys) {}

  // The key comes from a file of 32 bytes.
  //   errors  kInvalid: it is no key.  kConflict: it is in use already, or another rotation is under way.
  //   kBusy:
  //           rows change all the time.  Nothing was changed then; kBroken: the database is away, and the log
  //           says whether it was
  loop::Task<protocol::KeyRotated> run(std::string who, base::Fd key);

  // Each record, as soon as it is stored: the rotation's own makes the new keys those in use.
  void stored(const AuditRecord& record);

 private:
  struct Sealed {
    std::vector<Statement> statements;
    std::vector<StoredSecret> secrets;  // as they are then
    std::uint64_t rows = 0;
  };
  loop::Task<protocol::KeyRotated> run_once(std::string who);
  loop::Task<Sealed> seal_again();
  base::Result<void> seal_secrets(const Rows& rows, Sealed& into) const;

  Monitor& m_;
  Keys& keys_;
  bool running_ = false;
  std::vector<StoredSecret> secrets_;  // for when it is stored
};

}  // namespace mcpbox::monitor
