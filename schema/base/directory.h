// An open directory stream that closes itself.
#pragma once

#include <dirent.h>

#include <memory>

namespace eris {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

// What opendir(3) or fdopendir(3) gave; null when that failed.
using DirectoryStream = std::unique_ptr<DIR, CloseDirectory>;

}  // namespace eris
