// The configuration of a restored instance: as it was, but for where it is and where its rows are.
#include <gtest/gtest.h>

#include "admin/backup/restore.h"

namespace mcpbox::backup {
namespace {

TEST(Configuration, SaysItsNewPlace) {
  EXPECT_EQ(configuration_for("# state = /old\n  state =/old\nspares = 4\n", "/new/place"),
            "# state = /old\nstate = /new/place\nspares = 4\n");
  EXPECT_EQ(configuration_for("spares = 4\n", "/new/place"), "spares = 4\n") << "its own folder, as before";
  EXPECT_EQ(configuration_for("spares = 4", "/new"), "spares = 4\n");
  EXPECT_EQ(configuration_for("", "/new"), "");
}

TEST(Configuration, HasAnEmbeddedDatabase) {
  EXPECT_EQ(configuration_for(
                "database = postgresql://u:secret@127.0.0.1/db\n"
                "database-owner = postgresql://o@/db?host=/run/x\ndatabase-remote = yes\nspares = 4\n",
                "/new"),
            "database = embedded\nspares = 4\n");
}

TEST(Configuration, LeavesAnInstalledServiceItsUnit) {
  const std::string text =
      "state = /var/lib/mcpbox\n"
      "database = postgresql://mcpbox_monitor@/mcpbox?host=/run/mcpbox-db\n"
      "database-owner = postgresql://mcpbox_owner@/mcpbox?host=/run/mcpbox-db\n";
  EXPECT_EQ(configuration_for(text, "/var/lib/mcpbox"), text);
  EXPECT_EQ(configuration_for(text, "/elsewhere"), "state = /elsewhere\ndatabase = embedded\n");
}

}  // namespace
}  // namespace mcpbox::backup
