// Mirrors admin/ctl/columns.cc.
#include "admin/ctl/columns.h"

#include <gtest/gtest.h>

namespace mcpbox::ctl {
namespace {

TEST(Columns, AreAlignedByWhatATerminalShows) {
  Columns table({"A", "NAME", "END"});
  table.row({"1", "\u65e5\u672c", "x"});
  table.row({"22", "e\u0301", "y"});
  EXPECT_EQ(table.text(0),
            "A   NAME  END\n"
            "1   \u65e5\u672c  x\n"
            "22  e\u0301     y\n");
}

TEST(Columns, ACellCannotLeaveItsLineOrSpeakToTheTerminal) {
  Columns table({"A"});
  table.row({"x\n\x1b[31mfake row\u200b"});
  EXPECT_EQ(table.text(0), "A\nx\\x0a\\x1b[31mfake row\\u{200b}\n");
}

TEST(Columns, ALineThatIsTooLongLosesItsEndVisibly) {
  Columns table({"A", "B"});
  table.row({"12345", "67890"});
  EXPECT_EQ(table.text(12), "A      B\n12345  67890\n");
  EXPECT_EQ(table.text(11), "A      B\n12345  678\u2026\n");
}

TEST(Columns, MissingCellsAreEmptyAndSurplusOnesAreNotShown) {
  Columns table({"A", "B"});
  EXPECT_TRUE(table.empty());
  table.row({"1"});
  table.row({"1", "2", "3"});
  EXPECT_FALSE(table.empty());
  EXPECT_EQ(table.text(0), "A  B\n1  \n1  2\n");
}

TEST(Fitted, NeverCutsWithinACharacter) {
  EXPECT_EQ(fitted("\u65e5\u672c\u8a9e", 6), "\u65e5\u672c\u8a9e");
  EXPECT_EQ(fitted("\u65e5\u672c\u8a9e", 5), "\u65e5\u672c\u2026");
  EXPECT_EQ(fitted("\u65e5\u672c\u8a9e", 4), "\u65e5\u2026");
}

}  // namespace
}  // namespace mcpbox::ctl
