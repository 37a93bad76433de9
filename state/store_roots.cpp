#include "state/store_roots.h"

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "schema/base/digest.h"
#include "schema/base/directory.h"
#include "schema/base/system_error.h"

namespace eris {
namespace {

constexpr std::string_view kDefaultStateDir = "/nix/var/nix";

// Empty when it is no link.
std::string TargetOf(const std::filesystem::path& link) {
  std::error_code ignored;
  return std::filesystem::read_symlink(link, ignored).string();
}

Status MakeLink(const std::string& to, const std::string& link) {
  if (::symlink(to.c_str(), link.c_str()) == 0) return {};
  const int error = errno;
  if (error == EEXIST && TargetOf(link) == to) return {};
  return FailErrno(error, "cannot make the link " + link);
}

}  // namespace

std::optional<std::string> FindCollectorsLinks(const std::string& state_dir,
                                               const std::string& known_root) {
  std::string directory(state_dir.empty() ? kDefaultStateDir : std::string_view(state_dir));
  directory += "/gcroots/auto";
  const DirectoryStream stream(::opendir(directory.c_str()));
  if (stream == nullptr) return std::nullopt;
  while (const dirent* entry = ::readdir(stream.get())) {
    if (entry->d_type != DT_LNK) continue;
    if (TargetOf(directory + "/" + entry->d_name) == known_root) return directory;
  }
  return std::nullopt;
}

Status AddRoot(const std::string& collectors_links, const StoreRoot& wanted) {
  ERIS_TRY(MakeLink(wanted.path.text, wanted.root));
  // Any name would do: Nix takes a hash of the root's, too.
  return MakeLink(wanted.root, collectors_links + "/eris-" + Hex(Sha256(wanted.root)));
}

}  // namespace eris
