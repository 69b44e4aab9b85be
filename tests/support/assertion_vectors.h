// tests/vectors/assertion.txt, which the Worker's tests read too.
#pragma once

#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace mcpbox::test {

// The first has what stands before the first `case`.
inline std::vector<std::map<std::string, std::string>> assertion_vectors(const char* path) {
  std::vector<std::map<std::string, std::string>> cases(1);
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::size_t equals = line.find(" =");
    if (line.starts_with('#') || equals == std::string::npos) continue;
    const std::string name = line.substr(0, equals);
    if (name == "case") cases.emplace_back();
    cases.back()[name] = line.size() > equals + 3 ? line.substr(equals + 3) : "";
  }
  return cases;
}

}  // namespace mcpbox::test
