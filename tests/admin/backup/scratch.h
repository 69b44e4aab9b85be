// A folder of this test's own, and files in it.
#pragma once

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "admin/backup/container.h"
#include "privsep/base/fd.h"

namespace mcpbox::backup {

class Scratch : public ::testing::Test {
 protected:
  Scratch() {
    std::string made = ::testing::TempDir() + "mcpbox-backup.XXXXXX";
    EXPECT_NE(::mkdtemp(made.data()), nullptr);
    folder = made;
  }
  ~Scratch() override { std::filesystem::remove_all(folder); }

  [[nodiscard]] std::string at(const std::string& name) const { return folder + "/" + name; }
  void put(const std::string& name, const std::string& bytes, mode_t mode = 0600) const {
    std::ofstream(at(name), std::ios::binary) << bytes;
    ASSERT_EQ(::chmod(at(name).c_str(), mode), 0);
  }
  [[nodiscard]] std::string get(const std::string& name) const {
    const std::ifstream file(at(name), std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }

  std::string folder;
};

inline Key key_of(unsigned char byte) {
  Key key;
  std::fill(key.data(), key.data() + key.size(), byte);
  return key;
}

}  // namespace mcpbox::backup
