// A store whose connection to the database can be cut at a chosen moment.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

#include "tests/privsep/monitor/cutting_proxy.h"
#include "tests/privsep/monitor/store_fixture.h"

namespace mcpbox::monitor {

class StoreLossTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    std::string name = std::filesystem::temp_directory_path() / "mcpbox-test-proxy-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder = name;
    proxy = std::make_unique<CuttingProxy>(server->folder(), folder);
    store = make_store("host='" + folder + "' dbname='" + database + "' user='mcpbox_monitor'");
    ASSERT_TRUE(wait(loop, store->start()).has_value());
    ASSERT_TRUE(append(*store).has_value());  // from here on "commit" is prepared
  }
  void TearDown() override {
    store.reset();
    proxy.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }
  // One of the two, so that a store that is not up has noticed this very loss.
  void end_backend(const std::string& connection) {
    server->sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + database +
                "' AND application_name LIKE '%" + connection + "'");
    wait_until_noticed();
  }
  // An idle store learns of the loss from its sockets.
  void wait_until_noticed() {
    const auto poll = [](StorePg& watched, loop::Loop& in) -> loop::Task<> {
      while (watched.up()) co_await in.sleep(1);
      co_return loop::Nothing{};
    };
    ASSERT_TRUE(wait(loop, poll(*store, loop)).has_value());
  }

  std::string folder;
  std::unique_ptr<CuttingProxy> proxy;
  std::unique_ptr<StorePg> store;
};

}  // namespace mcpbox::monitor
