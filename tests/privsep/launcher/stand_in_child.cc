// Stands in for gateway, executor and password process: says over its link what it was started with, then
// stays until the link closes.
#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "privsep/base/handles.h"
#include "privsep/wire/spawn.h"

namespace {

// The open descriptors, "0 1 2 3".
std::string descriptors() {
  std::unique_ptr<DIR, mcpbox::base::FreeWith<closedir>> folder(opendir("/proc/self/fd"));
  std::vector<int> all;
  while (const dirent* entry = readdir(folder.get()))
    if (entry->d_name[0] != '.') all.push_back(std::stoi(entry->d_name));
  std::ranges::sort(all);
  std::string text;
  for (const int one : all)
    if (one != dirfd(folder.get())) text += std::to_string(one) + " ";
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  std::string report = "uid " + std::to_string(getuid()) + " fds " + descriptors() + "argv";
  for (int i = 0; i < argc; ++i) report.append(" ").append(argv[i]);
  if (write(mcpbox::wire::kChildLinkFd, report.data(), report.size()) < 0) return 1;
  char byte = 0;
  return read(mcpbox::wire::kChildLinkFd, &byte, 1) < 0 ? 1 : 0;
}
