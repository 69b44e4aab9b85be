// Bytes that the zygote and all its children read and none of them can ever write.
#pragma once

#include <span>

#include "privsep/base/error.h"

namespace mcpbox::executor {

// Copies `bytes` into memory of its own that is mapped read-only, for the life of the process.
//   returns  the copy.  It is a private mapping of a sealed object: even native code in a call that managed
//   to make
//            it writable would change nobody's copy but its own, and fork() copies no page table for it.
//   errors   kBroken with the errno
//   needs    memfd_create and mmap of a descriptor: before the jail only
[[nodiscard]] base::Result<std::span<const unsigned char>> share(std::span<const unsigned char> bytes);

}  // namespace mcpbox::executor
