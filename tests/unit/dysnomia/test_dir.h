// A directory of one test, removed with it, and small files in it.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "schema/base/files.h"

namespace eris::dysnomia {

class TestDir {
 public:
  TestDir() {
    std::string name = ::testing::TempDir() + "dysnomia-XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    path_ = std::filesystem::canonical(name);
  }
  TestDir(const TestDir&) = delete;
  TestDir& operator=(const TestDir&) = delete;
  ~TestDir() { std::filesystem::remove_all(path_); }

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(std::string_view below) const { return path_ / below; }

  std::filesystem::path Write(std::string_view below, std::string_view text) const {
    auto file = path_ / below;
    std::filesystem::create_directories(file.parent_path());
    EXPECT_TRUE(WriteFileAtomically(file.string(), text, 0644).has_value());
    return file;
  }
  // An executable shell script.
  std::filesystem::path Script(std::string_view below, std::string_view text) const {
    auto file = Write(below, "#!/bin/sh\n" + std::string(text));
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
    return file;
  }
  std::string Read(std::string_view below) const {
    return ReadFile((path_ / below).string(), std::size_t{256} << 20U).value_or("(no such file)");
  }

 private:
  std::filesystem::path path_;
};

}  // namespace eris::dysnomia
