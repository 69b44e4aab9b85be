// The interpreter.  python.cc is the only file that includes Python.h; nothing of CPython shows here.
//
//   base::Result<Python> python = Python::start(kDebian);   // in the zygote, before its jail
//   ... fork() without CPython's at-fork hooks: one thread, no lock held ...
//   python->touch(link);                                    // in the child
//   python->reseed();                                       // and then its jail
//   protocol::Compiled made = python->compile(job);         // a compile child
//   python->prepare(job); python->go(order);                 // a call child
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "privsep/base/error.h"
#include "privsep/protocol/messages_call.h"

namespace mcpbox::executor {

// Where Debian keeps its Python and its time zones.  Read once, before the jail.
struct PythonPaths {
  const char* stdlib;
  const char* extensions;
  const char* packages;  // for jsonschema and what it needs
  const char* zones;
};
inline constexpr PythonPaths kDebian{
    .stdlib = "/usr/lib/python3.11",
    .extensions = "/usr/lib/python3.11/lib-dynload",
    .packages = "/usr/lib/python3/dist-packages",
    .zones = "/usr/share/zoneinfo",
};

class Python {
 public:
  // Initialises CPython (isolated, UTF-8, no signal handlers, no byte-code files), imports and rehearses the
  // runtime and these packages, serves the standard library from memory from then on, and freezes the garbage
  // collector.
  //   errors  kBroken; CPython's own message is on standard error
  //   cost    about 0.2 s and 25 MB
  [[nodiscard]] static base::Result<Python> start(const PythonPaths& paths,
                                                  std::span<const std::string> packages = {});

  Python(Python&& other) noexcept;
  Python& operator=(Python&& other) noexcept;
  Python(const Python&) = delete;
  Python& operator=(const Python&) = delete;
  ~Python();  // leaves the interpreter as it is: processes end by _exit

  // A call of a tool of our own, as a monitor would order it (rehearsal.h).  kBroken when there is none.
  struct UsualCall {
    protocol::Prepare prepare;
    protocol::Go go;
  };
  [[nodiscard]] base::Result<UsualCall> usual_call();
  // After that call: as if it had not been.
  void forget_call();
  // In a child, before anything else runs: each would otherwise draw the same `random` numbers.
  [[nodiscard]] base::Result<void> reseed();

  // The compile job.  Runs nothing of the source.  kBroken when the interpreter itself failed.
  [[nodiscard]] base::Result<protocol::Compiled> compile(const protocol::Compile& job);

  // The run job: loads code and schema; kInvalid when they are not what compile() makes.
  [[nodiscard]] base::Result<void> prepare(const protocol::Prepare& job);
  // Runs what was prepared, once, with what the monitor sent for it.  Python's exceptions are in the outcome.
  [[nodiscard]] base::Result<protocol::Outcome> go(const protocol::Go& order);

 private:
  struct State;
  explicit Python(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace mcpbox::executor
