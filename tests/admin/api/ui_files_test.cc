// The files of the UI: read once, found by name only.
#include "admin/ui_files.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "policy/limits.h"

namespace mcpbox::admin {
namespace {

class UiFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/mcpbox-ui-XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void file(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
  }
  UiFiles load(std::string_view root = "") { return std::move(*UiFiles::load(folder_.string(), root)); }
  static std::string header(const http::Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers)
      if (key == name) return value;
    return "";
  }
  std::filesystem::path folder_;
  const http::Headers none_;
};

TEST_F(UiFilesTest, PagesAreIndexAndMissingFilesAreMissing) {
  file("index.html", "<html><head></head></html>");
  const UiFiles ui = load("/mcpbox");
  EXPECT_EQ(ui.answer("/servers/x", none_).body, "<html><head><base href=\"/mcpbox/\"></head></html>");
  EXPECT_EQ(ui.answer("/assets/gone.js", none_).status, 404);
  EXPECT_EQ(ui.answer("/../../etc/passwd", none_).body, ui.answer("/", none_).body) << "only looked up";
  EXPECT_EQ(ui.answer("/../secret.txt", none_).status, 404);
  EXPECT_EQ(header(ui.answer("/", none_), "Cache-Control"), "no-cache");
  EXPECT_EQ(header(ui.answer("/", none_), "Content-Security-Policy").find("unsafe"), std::string::npos);
}

TEST_F(UiFilesTest, HashedNamesAreKeptForever) {
  file("index.html", "<head>");
  file("assets/index-BxK2f9a1.js", "js");
  file("assets/plain.js", "js");
  const UiFiles ui = load();
  EXPECT_NE(header(ui.answer("/assets/index-BxK2f9a1.js", none_), "Cache-Control").find("immutable"),
            std::string::npos);
  EXPECT_EQ(header(ui.answer("/assets/plain.js", none_), "Cache-Control"), "no-cache");
  EXPECT_EQ(ui.answer("/assets/plain.js", none_).content_type, "text/javascript; charset=utf-8");
}

TEST_F(UiFilesTest, CompressedVariantsGoToWhoeverTakesThem) {
  file("a.js", "plain");
  file("a.js.br", "brotli");
  file("a.js.gz", "gzip");
  const UiFiles ui = load();
  http::Headers both, gzip;
  both.add("Accept-Encoding", "gzip, deflate, br");
  gzip.add("Accept-Encoding", "gzip");
  EXPECT_EQ(ui.answer("/a.js", both).body, "brotli");
  EXPECT_EQ(header(ui.answer("/a.js", both), "Content-Encoding"), "br");
  EXPECT_EQ(ui.answer("/a.js", gzip).body, "gzip");
  EXPECT_EQ(ui.answer("/a.js", none_).body, "plain");
}

TEST_F(UiFilesTest, WhatTheBrowserHasIsNotSentAgain) {
  file("a.css", "x");
  const UiFiles ui = load();
  http::Headers asked;
  asked.add("If-None-Match", header(ui.answer("/a.css", none_), "ETag"));
  EXPECT_EQ(ui.answer("/a.css", asked).status, 304);
  EXPECT_EQ(ui.answer("/a.css", asked).body, "");
}

TEST_F(UiFilesTest, LinksAndUnknownKindsAreNotServed) {
  file("a.exe", "x");
  file("ok.txt", "x");
  std::filesystem::create_symlink("/etc/passwd", folder_ / "out.txt");
  EXPECT_FALSE(UiFiles::load(folder_.string(), "")) << "a link out of the folder";
  std::filesystem::remove(folder_ / "out.txt");
  EXPECT_EQ(load().answer("/a.exe", none_).status, 404);
  EXPECT_TRUE(UiFiles::load("/nowhere", "")->empty());
}

TEST_F(UiFilesTest, AFileThatIsTooLargeEndsTheStart) {
  file("big.js", std::string(policy::limits::kUiFileBytes + 1, 'x'));
  EXPECT_FALSE(UiFiles::load(folder_.string(), ""));
}

}  // namespace
}  // namespace mcpbox::admin
