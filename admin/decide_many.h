// Several decisions in one request.
#pragma once

#include <functional>
#include <string>

#include "admin/fields.h"

namespace mcpbox::admin {

// One of them: what the request's list says about it, and what all of them share.
struct Chosen {
  wire::Id id{};
  const json_t* shown = nullptr;  // the element: what the person was shown, beside the id
  std::string action;             // "approve" or "reject"
  std::string reason;             // not empty with "reject"
};

// Fails with what is told about this one.
using DecideOne = std::function<Task<>(const Chosen& one)>;

// The body is {LIST: [{id, SHOWN}], action, reason}.  Each is decided on its own: one that fails does not
// undo the others, and is named in the answer.
Task<Answered> decide_each(const Incoming& in, const char* list, const char* shown, DecideOne decide);

}  // namespace mcpbox::admin
