// The one question that a password process answers.
#pragma once

#include "privsep/base/error.h"

namespace mcpbox::password {

// Reads one HashPassword or CheckPassword order from `link`, answers it, and overwrites the password.
//   errors  kCancelled when the monitor asked nothing; kInvalid for anything but these two orders, which is
//   not
//           answered; kBroken when there was no memory for Argon2id, or the monitor is gone
//   needs   sodium_init()
[[nodiscard]] base::Result<void> answer_one(int link);

}  // namespace mcpbox::password
