// mirrors executor/first_order.cc: what the executor loads before its jail, because the monitor told it to.
// Every process here is real and jailed.
#include <gtest/gtest.h>

#include "tests/executor/executor_process.h"

namespace mcpbox {
namespace {

using namespace test;
using ::testing::Test;

class ExecutorWithPackages : public Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "starting a process under another uid needs root";
  }
};

protocol::LoadPackages order_for(const char* package) { return {.packages = {package}}; }

TEST_F(ExecutorWithPackages, HoldsThemForItsCallsAndTheirSubmodulesInMemory) {
  ExecutorProcess executor(kExecutorUid, "0x0", order_for("httpx"));
  ASSERT_TRUE(executor.ready());
  const Result<protocol::Outcome> outcome = run(executor,
                                                "import asyncio, httpx\n"
                                                "load = asyncio.sys.modules['importlib'].import_module\n"
                                                "def main():\n"
                                                "    load('idna.uts46data')\n"
                                                "    return httpx.URL('https://a/b').path\n");
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->log_result, "/b") << outcome->log_error;
}

// Debian's httpx imports its command line, which would cost every call of this flavour.
TEST_F(ExecutorWithPackages, HoldsNothingThatOnlyACommandLineNeeds) {
  ExecutorProcess executor(kExecutorUid, "0x0", order_for("httpx"));
  ASSERT_TRUE(executor.ready());
  const Result<protocol::Outcome> outcome =
      run(executor,
          "import asyncio\ndef main():\n    mods = asyncio.sys.modules\n"
          "    return [m for m in ('click', 'rich', 'pygments') if m in mods]\n");
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->log_result, "[]") << outcome->log_error;
}

TEST_F(ExecutorWithPackages, AClientOfHttpxSaysThatThereIsNoNetwork) {
  ExecutorProcess executor(kExecutorUid, "0x0", order_for("httpx"));
  ASSERT_TRUE(executor.ready());
  for (const char* source :
       {"import httpx\nasync def main():\n    async with httpx.AsyncClient() as client:\n"
        "        return (await client.get('https://example.org/x')).text\n",
        "import httpx\ndef main(): return httpx.get('https://example.org/x').text\n"}) {
    const Result<protocol::Outcome> outcome = run(executor, source);
    ASSERT_TRUE(outcome.has_value());
    EXPECT_EQ(outcome->end, CallEnd::kToolError);
    EXPECT_NE(outcome->log_error.find("ConnectError: there is no network here"), std::string::npos)
        << outcome->log_error;
  }
}

TEST_F(ExecutorWithPackages, WithoutAPackageItCannotBeImported) {
  ExecutorProcess executor;
  ASSERT_TRUE(executor.ready());
  const Result<protocol::Outcome> outcome = run(executor, "def main():\n    import httpx\n");
  ASSERT_TRUE(outcome.has_value());
  EXPECT_NE(outcome->log_error.find("Module 'httpx' is not approved"), std::string::npos)
      << outcome->log_error;
}

TEST_F(ExecutorWithPackages, APackageThatIsNotInstalledIsNamedAndEndsTheZygote) {
  ExecutorProcess executor(kExecutorUid, "0x0", order_for("no_such_package"));
  EXPECT_FALSE(executor.ready());
  ASSERT_TRUE(executor.loaded().has_value());
  EXPECT_EQ(executor.loaded()->missing, "no_such_package");
  EXPECT_EQ(executor.wait_ended(), 0);
}

TEST_F(ExecutorWithPackages, ANameThatCouldBeAPathEndsTheZygote) {
  for (const char* name : {"../../etc/x", "/etc/x", "a.b", "", "-c", "9a"}) {
    ExecutorProcess executor(kExecutorUid, "0x0", order_for(name));
    EXPECT_FALSE(executor.loaded().has_value()) << name;
    EXPECT_TRUE(WIFEXITED(executor.wait_ended()));
  }
}

}  // namespace
}  // namespace mcpbox
