// A directory of one test's own, removed with it.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "schema/base/files.h"

namespace eris::test {

class TempDirectory {
 public:
  TempDirectory() : path_(::testing::TempDir() + "eris-state-XXXXXX") {
    EXPECT_NE(::mkdtemp(path_.data()), nullptr);
  }
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  ~TempDirectory() { EXPECT_TRUE(RemoveTree(path_)); }

  const std::string& path() const { return path_; }
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  std::string path_;
};

}  // namespace eris::test
