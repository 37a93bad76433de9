// A Nix store of the test's own below a temporary directory: nothing touches the machine's. For the
// tests of this folder.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "planner/models/nix_command.h"
#include "schema/base/files.h"

namespace eris::testing {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "eris-models-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryDirectory() { (void)RemoveTree(path_.string()); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }
  void Write(const std::string& name, std::string_view text) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << text;
  }

 private:
  std::filesystem::path path_;
};

// kLogical: paths are called /nix/store/… wherever they are, so that golden files can name them;
// nothing can be built there without privileges. kOwn: paths are called as they are; builds work.
enum class StoreNames { kLogical, kOwn };

class NixStore {
 public:
  explicit NixStore(StoreNames names) {
    const std::string root = directory_.path().string();
    options_.environment = {"NIX_CONFIG=substituters =\nsandbox = false\nbuild-users-group =\n",
                            "NIX_CONF_DIR=" + root + "/etc", "XDG_CACHE_HOME=" + root + "/cache",
                            "NIX_PATH="};
    if (names == StoreNames::kLogical) {
      options_.environment.push_back("NIX_REMOTE=" + root);
    } else {
      options_.environment.push_back("NIX_REMOTE=local");
      options_.environment.push_back("NIX_STORE_DIR=" + root + "/store");
      options_.environment.push_back("NIX_STATE_DIR=" + root + "/var");
      options_.environment.push_back("NIX_LOG_DIR=" + root + "/log");
    }
  }

  const NixOptions& options() const { return options_; }
  const std::filesystem::path& path() const { return directory_.path(); }

 private:
  TemporaryDirectory directory_;
  NixOptions options_;
};

}  // namespace eris::testing
