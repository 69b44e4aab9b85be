// Turns a C library's free function into a unique_ptr deleter:
//   using Json = std::unique_ptr<json_t, base::FreeWith<json_decref>>;
#pragma once

#include <memory>

namespace mcpbox::base {

template <auto Free>
struct FreeWith {
  void operator()(auto* pointer) const { Free(pointer); }
};

}  // namespace mcpbox::base
