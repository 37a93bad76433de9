// Goal: nothing forged passes for a store path. Method: real paths of Nix 2.8 with their content
// addresses, and archives that break one rule each.
#include "state/store_path.h"

#include <gtest/gtest.h>

#include "state/derivation.h"
#include "state/nar.h"

namespace eris {
namespace {

std::string Token(std::string_view text) {
  std::string out;
  for (int i = 0; i < 8; ++i) out.push_back(static_cast<char>(text.size() >> (8 * i)));
  out.append(text);
  out.append((8 - text.size() % 8) % 8, '\0');
  return out;
}
std::string Tokens(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += Token(text);
  return out;
}
std::string File(const std::string& content) {
  return Tokens({"(", "type", "regular", "contents", content, ")"});
}
std::string Directory(const std::vector<std::string>& names) {
  std::string out = Tokens({"(", "type", "directory"});
  for (const std::string& name : names) {
    out += Tokens({"entry", "(", "name", name, "node"}) + File("x") + Token(")");
  }
  return out + Token(")");
}
std::string Nar(const std::string& node) { return Token("nix-archive-1") + node; }

ObjectInfo InfoOf(const std::string& nar) {
  const Sha256Digest digest = Sha256(nar);
  return {.name = "/nix/store/00000000000000000000000000000000-x",
          .bytes = nar.size(),
          .sha256 = {digest.begin(), digest.end()}};
}
Status Check(const std::string& nar, const ObjectInfo& info, std::size_t step) {
  NarChecker checker;
  for (std::size_t i = 0; i < nar.size(); i += step) {
    ERIS_TRY(checker.Update(std::string_view(nar).substr(i, step)));
  }
  return checker.Finish(info);
}

// builtins.toFile "a" "alpha" has this path in a store called /nix/store.
ObjectInfo Alpha() {
  const Sha256Digest digest = Sha256("alpha");
  ObjectInfo info = InfoOf(Nar(File("alpha")));
  info.content_address = "text:sha256:" + Nix32(std::string(digest.begin(), digest.end()));
  info.name = ContentAddressedPath(info).value();
  info.name.replace(info.name.size() - 1, 1, "a");
  info.name = ContentAddressedPath(info).value();
  return info;
}

TEST(StorePath, HasItsHashInBase32) {
  const std::string digest(reinterpret_cast<const char*>(Sha256("").data()), 32);
  EXPECT_EQ(Nix32(digest), "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73");
  EXPECT_EQ(FromNix32(Nix32(digest)).value(), digest);
  EXPECT_FALSE(FromNix32("e"));
  EXPECT_FALSE(FromNix32("zz"));
}

TEST(StorePath, IsNothingElse) {
  EXPECT_TRUE(ParseStorePath("/nix/store/00000000000000000000000000000000-x"));
  for (const char* bad :
       {"", "x", "/", "/nix/store/x", "/nix/store/00000000000000000000000000000000-",
        "/nix/store/00000000000000000000000000000000-a/b", "/nix/store/../x",
        "/nix/store/e0000000000000000000000000000000-x",
        "/nix/../store/00000000000000000000000000000000-x",
        "/nix/store/00000000000000000000000000000000-.x",
        "/nix/store/00000000000000000000000000000000-a b"}) {
    EXPECT_FALSE(ParseStorePath(bad)) << bad;
  }
}

TEST(StorePath, FollowsFromItsContent) {
  const ObjectInfo info = Alpha();
  EXPECT_TRUE(CheckContentAddress(info));
  ObjectInfo forged = info;
  forged.name[20] = forged.name[20] == 'a' ? 'b' : 'a';
  EXPECT_FALSE(CheckContentAddress(forged));
  forged = info;
  forged.references = {StorePath("/nix/store/00000000000000000000000000000000-y")};
  EXPECT_FALSE(CheckContentAddress(forged));
  forged = info;
  forged.content_address.clear();
  EXPECT_FALSE(CheckContentAddress(forged));
  forged.content_address = "fixed:sha1:0000000000000000000000000000000000000000";
  EXPECT_FALSE(CheckContentAddress(forged));
}

TEST(Nar, IsTakenHoweverItIsCut) {
  for (const std::string& nar :
       {Nar(File("alpha")), Nar(File("")), Nar(Directory({"a", "b", "c"})), Nar(Directory({})),
        Nar(Tokens({"(", "type", "symlink", "target", "../../etc", ")"})),
        Nar(Tokens({"(", "type", "regular", "executable", "", "contents", "#!", ")"}))}) {
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, nar.size()}) {
      const Status checked = Check(nar, InfoOf(nar), step);
      EXPECT_TRUE(checked) << checked.error().message;
    }
  }
}

TEST(Nar, HoldsTheContentOfItsAddress) {
  const ObjectInfo info = Alpha();
  EXPECT_TRUE(Check(Nar(File("alpha")), info, 5));
  // The announced hash of the archive is right, its content is another one.
  ObjectInfo forged = InfoOf(Nar(File("omega")));
  forged.name = info.name;
  forged.content_address = info.content_address;
  EXPECT_FALSE(Check(Nar(File("omega")), forged, 5));
  EXPECT_FALSE(Check(Nar(File("alph")), info, 5));
}

TEST(Nar, WithoutEscapes) {
  for (const std::string& nar :
       {Nar(Directory({".."})), Nar(Directory({"."})), Nar(Directory({""})),
        Nar(Directory({"a/b"})), Nar(Directory({std::string("a\0b", 3)})),
        Nar(Directory({"b", "a"})), Nar(Directory({"a", "a"})), Nar(File("x")) + Token("x"),
        Nar(File("x")).substr(0, 40), Token("nix-archive-2") + File("x"), std::string(),
        Nar(Tokens({"(", "type", "device", ")"}))}) {
    EXPECT_FALSE(Check(nar, InfoOf(nar), 3));
  }
  std::string deep = Token("nix-archive-1");
  for (int i = 0; i < 200; ++i) {
    deep += Tokens({"(", "type", "directory", "entry", "(", "name", "a", "node"});
  }
  EXPECT_FALSE(Check(deep, InfoOf(deep), 64));
}

TEST(Derivation, TellsOutputsAndInputs) {
  const auto read = ParseDerivation(
      R"(Derive([("dev","/s/d","",""),("out","/s/o","","")],[("/s/i.drv",["out"])],["/s/src"],"x","/bin/sh",["-c","a\"b"],[("a","b")]))");
  ASSERT_TRUE(read);
  using Outputs = decltype(read->outputs);
  EXPECT_EQ(read->outputs, (Outputs{{"dev", StorePath("/s/d")}, {"out", StorePath("/s/o")}}));
  using Inputs = decltype(read->input_derivations);
  EXPECT_EQ(read->input_derivations, (Inputs{{StorePath("/s/i.drv"), {"out"}}}));
  EXPECT_EQ(read->input_sources, std::vector{StorePath("/s/src")});
  for (const char* bad :
       {"", "Derive(", "Derive([(", "Derive([(\"out\",\"/s/o", "Derive([],[],["}) {
    EXPECT_FALSE(ParseDerivation(bad)) << bad;
  }
}

// app needs lib and tool (its program only); lib needs gcc.
class OutputsToStartFromTest : public ::testing::Test {
 protected:
  std::vector<StorePath> StartWith(const std::set<StorePath>& valid) const {
    const std::vector wanted{StorePath("app.drv")};
    return OutputsToStartFrom(wanted, derivations_, valid);
  }
  const DerivationSummaries derivations_{
      {StorePath("app.drv"),
       {.outputs = {{"out", StorePath("app")}},
        .input_derivations = {{StorePath("lib.drv"), {"out"}}, {StorePath("tool.drv"), {"bin"}}},
        .input_sources = {}}},
      {StorePath("gcc.drv"),
       {.outputs = {{"out", StorePath("gcc")}}, .input_derivations = {}, .input_sources = {}}},
      {StorePath("lib.drv"),
       {.outputs = {{"out", StorePath("lib")}},
        .input_derivations = {{StorePath("gcc.drv"), {"out"}}},
        .input_sources = {}}},
      {StorePath("tool.drv"),
       {.outputs = {{"bin", StorePath("tool")}, {"doc", StorePath("doc")}},
        .input_derivations = {{StorePath("gcc.drv"), {"out"}}},
        .input_sources = {}}}};
};

TEST_F(OutputsToStartFromTest, WhatIsThereIsNotBuiltAgain) {
  using Paths = std::vector<StorePath>;
  const StorePath app("app"), doc("doc"), gcc("gcc"), lib("lib"), tool("tool");
  EXPECT_EQ(StartWith({}), Paths{});
  EXPECT_EQ(StartWith({app, lib, tool, gcc}), Paths{app}) << "nothing is left to do";
  EXPECT_EQ(StartWith({lib, tool, gcc}), (Paths{lib, tool})) << "whose making nobody needs";
  EXPECT_EQ(StartWith({lib, gcc}), (Paths{gcc, lib})) << "for tool";
  EXPECT_EQ(StartWith({lib, doc}), Paths{lib}) << "nobody asks for the manual";
}

}  // namespace
}  // namespace eris
