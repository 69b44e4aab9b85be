// Backups in a folder: whole or not there, found by name, and pruned without touching anything else.
#include "admin/backup/files.h"

#include "scratch.h"

namespace mcpbox::backup {
namespace {

class Files : public Scratch {
 protected:
  void make(std::int64_t created_ms) {
    Outcome<NewFile> file = NewFile::begin(folder);
    ASSERT_TRUE(file.has_value()) << file.error();
    const Header header{.created_ms = created_ms, .operations = 1, .memory = 8192};
    Outcome<Writer> writer = Writer::begin(file->fd(), header, key_of(1));
    ASSERT_TRUE(writer.has_value());
    ASSERT_TRUE(writer->finish().has_value());
    ASSERT_TRUE(file->keep(file_name(created_ms)).has_value());
  }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      all.push_back(entry.path().filename().string());
    std::ranges::sort(all);
    return all;
  }
};

constexpr std::int64_t kDay = 86'400'000;
constexpr std::int64_t kStart = 1'700'000'000'123;

TEST_F(Files, AreNamedByTheirMoment) {
  EXPECT_EQ(file_name(kStart), "mcpbox-20231114T221320.123Z.backup");
  EXPECT_EQ(moment(kStart), "2023-11-14 22:13:20 UTC");
}

TEST_F(Files, HaveNoNameUntilTheyAreWhole) {
  {
    Outcome<NewFile> file = NewFile::begin(folder);
    ASSERT_TRUE(file.has_value());
    EXPECT_EQ(names(), std::vector<std::string>{".mcpbox-backup.new"});
    EXPECT_FALSE(NewFile::begin(folder).has_value()) << "one at a time";
  }
  EXPECT_TRUE(names().empty()) << "what was not kept is gone";
}

TEST_F(Files, RemoveWhatOneThatWasKilledLeft) {
  put(".mcpbox-backup.new", "half");
  make(kStart);
  EXPECT_EQ(names(), std::vector<std::string>{file_name(kStart)});
}

TEST_F(Files, NeverReplaceAnother) {
  make(kStart);
  const std::string before = get(file_name(kStart));
  Outcome<NewFile> file = NewFile::begin(folder);
  ASSERT_TRUE(file.has_value());
  EXPECT_FALSE(file->keep(file_name(kStart)).has_value());
  EXPECT_EQ(get(file_name(kStart)), before);
}

TEST_F(Files, PruneTheOldestAndNothingElse) {
  for (int day = 0; day < 5; ++day) make(kStart + day * kDay);
  put("mcpbox-20200101T000000.000Z.backup", "not one of ours");
  put("mcpbox-20200101T000000.000Z.backup.txt", "a note");
  put("notes.txt", "a note");
  {
    const Outcome<NewFile> file = NewFile::begin(folder);
    ASSERT_TRUE(file.has_value());
    EXPECT_EQ(file->prune(2).value_or(99), 3U);
    EXPECT_EQ(file->prune(2).value_or(99), 0U);
  }
  const Outcome<std::vector<Found>> left = backups_in(folder);
  ASSERT_TRUE(left.has_value());
  ASSERT_EQ(left->size(), 2U);
  EXPECT_EQ((*left)[0].name, file_name(kStart + 3 * kDay));
  EXPECT_EQ((*left)[1].header.created_ms, kStart + 4 * kDay);
  EXPECT_EQ(names().size(), 5U);
}

TEST_F(Files, AreNotReadThroughALink) {
  make(kStart);
  ASSERT_EQ(::symlink(file_name(kStart).c_str(), at(file_name(kStart + kDay)).c_str()), 0);
  EXPECT_EQ(backups_in(folder)->size(), 1U);
}

}  // namespace
}  // namespace mcpbox::backup
