// What `ps` shows for this process.
#pragma once

#include <cstddef>
#include <string_view>

namespace mcpbox::jail {

// Takes over the memory of argv: nobody may read argv afterwards.  Make one, first thing in main(), after the
// arguments were read; a forked child may go on using it.
class Title {
 public:
  Title(int argc, char** argv);
  // Shows `text`, cut to the room there is (the length of the original command line); the short name that `ps
  // -c` and `top` show becomes the part from '[' on.  Does not allocate.
  void set(std::string_view text) const noexcept;

 private:
  char* start_ = nullptr;
  std::size_t room_ = 0;
};

// For a process whose title never changes again.
inline void set_title(int argc, char** argv, std::string_view text) { Title(argc, argv).set(text); }

}  // namespace mcpbox::jail
