// Mirrors privsep/monitor/flavour.cc.
#include "privsep/monitor/flavour.h"

#include <gtest/gtest.h>

namespace mcpbox::monitor {
namespace {

using Names = std::vector<std::string>;

TEST(Flavours, AToolOfTheDefaultModulesNeedsNoPackage) {
  EXPECT_EQ(flavour_of({}).packages, Names{});
  EXPECT_EQ(flavour_of({"json", "re"}).name(), "default");
}

TEST(Flavours, WhatAToolImportsBesideThemIsItsFlavour) {
  EXPECT_EQ(flavour_of({"httpx", "json"}).packages, Names{"httpx"});
}

TEST(Flavours, AModuleThatNobodyApprovedChoosesNoInterpreter) {
  EXPECT_EQ(flavour_of({"os", "subprocess", "../httpx", "httpxx"}), Flavour{});
}

TEST(Flavours, TheSetIsTheKeyWhateverTheOrder) {
  constexpr std::string_view kOneOrder[] = {"yaml", "httpx", "yaml"};
  constexpr std::string_view kAnother[] = {"httpx", "lxml", "yaml"};
  EXPECT_EQ(flavour_of({"yaml", "httpx"}, kOneOrder), flavour_of({"httpx", "yaml"}, kAnother));
  EXPECT_EQ(flavour_of({"yaml", "httpx"}, kOneOrder).name(), "httpx+yaml");
}

}  // namespace
}  // namespace mcpbox::monitor
