#include "tests/crash/faulty_directory.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <map>
#include <optional>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

#include "schema/base/check.h"

namespace eris::test {
namespace {

// The C library's function behind ours.
template <typename Function>
Function* Real(const char* name) {
  void* const found = ::dlsym(RTLD_NEXT, name);
  ERIS_CHECK(found != nullptr, "the C library has it");
  return reinterpret_cast<Function*>(found);
}

struct Node {
  enum class Kind : std::uint8_t { kFile, kDirectory, kLink } kind = Kind::kFile;
  std::string data;                   // content, or where a link points to
  std::optional<std::string> synced;  // of a file: the content that survives for certain
  std::map<std::string, std::shared_ptr<Node>> entries;
  std::map<std::string, std::shared_ptr<Node>> synced_entries;
  // Since the last sync, in order; a null node takes the name away. One vector is one step.
  using Step = std::vector<std::pair<std::string, std::shared_ptr<Node>>>;
  std::vector<Step> pending;
};
using NodePtr = std::shared_ptr<Node>;

std::pair<std::string, std::string> SplitName(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return {path.substr(0, slash), path.substr(slash + 1)};
}

}  // namespace

// The tree as the program sees it, and as it was synced.
class FaultyDirectory::Model {
 public:
  Model(std::string root, const Plan& plan)
      : path_(std::move(root)), plan_(plan), dice_(plan.seed), root_(std::make_shared<Node>()) {
    root_->kind = Node::Kind::kDirectory;
  }

  bool Watches(std::string_view path) const {
    return path.size() > path_.size() && path.starts_with(path_) && path[path_.size()] == '/';
  }
  // What may be opened: the directory itself, too, for what is in it is synced by it.
  bool Holds(std::string_view path) const { return path == path_ || Watches(path); }
  bool struck() const { return struck_; }

  // Whether a change may be carried out.
  bool Admit() {
    ++changes_;
    if (changes_ >= plan_.change) struck_ = true;
    if (struck_) errno = plan_.fault == DirectoryFault::kFails ? ENOSPC : EIO;
    return !struck_;
  }

  NodePtr Find(const std::string& path) const {
    if (path == path_) return root_;
    NodePtr node = root_;
    std::size_t begin = path_.size() + 1;
    while (node != nullptr && begin <= path.size()) {
      const std::size_t end = std::min(path.find('/', begin), path.size());
      const auto entry = node->entries.find(path.substr(begin, end - begin));
      node = entry == node->entries.end() ? nullptr : entry->second;
      begin = end + 1;
    }
    return node;
  }
  void Put(const std::string& path, NodePtr node) {
    const auto [folder, name] = SplitName(path);
    Do(*Find(folder), {{name, std::move(node)}});
  }
  NodePtr Make(const std::string& path, Node::Kind kind, std::string data = {}) {
    auto node = std::make_shared<Node>();
    node->kind = kind;
    node->data = std::move(data);
    Put(path, node);
    return node;
  }
  void Rename(const std::string& from, const std::string& to) {
    NodePtr node = Find(from);
    const auto [old_folder, old_name] = SplitName(from);
    const auto [new_folder, new_name] = SplitName(to);
    if (old_folder == new_folder) {
      Do(*Find(old_folder), {{old_name, nullptr}, {new_name, std::move(node)}});
    } else {
      Put(to, std::move(node));
      Put(from, nullptr);
    }
  }

  // ---- descriptors ----
  void Opened(int fd, NodePtr node) { open_.insert_or_assign(fd, std::move(node)); }
  void Forget(int fd) { open_.erase(fd); }
  void ForgetFrom(int fd) { open_.erase(open_.lower_bound(fd), open_.end()); }
  NodePtr OfDescriptor(int fd) const {
    const auto found = open_.find(fd);
    return found == open_.end() ? nullptr : found->second;
  }
  static void Sync(Node& node) {
    node.synced = node.data;
    node.synced_entries = node.entries;
    node.pending.clear();
  }

  // ---- what is left ----
  void Leave(const std::string& path) { LeaveNode(*root_, path); }

 private:
  static void Do(Node& folder, Node::Step step) {
    Apply(step, folder.entries);
    folder.pending.push_back(std::move(step));
  }
  static void Apply(const Node::Step& step, std::map<std::string, NodePtr>& entries) {
    for (const auto& [name, node] : step) {
      if (node == nullptr) {
        entries.erase(name);
      } else {
        entries.insert_or_assign(name, node);
      }
    }
  }
  bool Survives() { return plan_.fault == DirectoryFault::kReorders && dice_() % 2 == 0; }

  std::string ContentOf(const Node& file) {
    if (plan_.fault == DirectoryFault::kFails) return file.data;
    std::string synced = file.synced.value_or("");
    if (plan_.fault == DirectoryFault::kLoses) return synced;
    switch (dice_() % 3) {
      case 0:
        return synced;
      case 1:
        return file.data;
      default:  // torn: the new length, half of the new content
        return file.data.substr(0, file.data.size() / 2) +
               std::string(file.data.size() - file.data.size() / 2, '\0');
    }
  }
  void LeaveNode(const Node& node, const std::string& path) {
    std::map<std::string, NodePtr> entries =
        plan_.fault == DirectoryFault::kFails ? node.entries : node.synced_entries;
    for (const Node::Step& step : node.pending) {
      if (Survives()) Apply(step, entries);
    }
    for (const auto& [name, entry] : entries) {
      const std::string below = path + "/" + name;
      if (entry->kind == Node::Kind::kLink) {
        ERIS_CHECK(::symlink(entry->data.c_str(), below.c_str()) == 0, "a fresh directory");
      } else if (entry->kind == Node::Kind::kDirectory) {
        ERIS_CHECK(::mkdir(below.c_str(), 0700) == 0, "a fresh directory");
        LeaveNode(*entry, below);
      } else {
        const std::string content = entry->synced == entry->data ? entry->data : ContentOf(*entry);
        const int fd = ::open(below.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        const ssize_t written = ::write(fd, content.data(), content.size());
        ERIS_CHECK(written == static_cast<ssize_t>(content.size()), "the real disk has room");
        ::close(fd);
      }
    }
  }

  const std::string path_;
  const Plan plan_;
  std::mt19937_64 dice_;
  NodePtr root_;
  std::map<int, NodePtr> open_;
  std::uint64_t changes_ = 0;
  bool struck_ = false;
};

namespace {

// NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables, readability-identifier-naming):
// calls of the C library carry nothing along, and what they stand in front of is looked up once.
FaultyDirectory::Model* the_model = nullptr;

bool IsWatched(const char* path) { return the_model != nullptr && the_model->Watches(path); }

// The path that a call with a directory's descriptor means; only RemoveTree makes such calls.
std::string PathAt(int folder, const char* name) {
  if (folder == AT_FDCWD || name[0] == '/') return name;
  char text[4096];
  const std::string link = "/proc/self/fd/" + std::to_string(folder);
  const ssize_t size = ::readlink(link.c_str(), text, sizeof text);
  return size < 0 ? name : std::string(text, static_cast<std::size_t>(size)) + "/" + name;
}

int Open(int folder, const char* name, int flags, mode_t mode) {
  static auto* const real = Real<int(int, const char*, int, ...)>("openat");
  const std::string path = PathAt(folder, name);
  if (the_model == nullptr || !the_model->Holds(path)) {
    const int fd = real(folder, name, flags, mode);
    if (the_model != nullptr && fd >= 0) the_model->Forget(fd);
    return fd;
  }
  auto node = the_model->Find(path);
  const bool creates = node == nullptr && (flags & O_CREAT) != 0;
  const bool empties = node != nullptr && (flags & O_TRUNC) != 0;
  if ((creates || empties) && !the_model->Admit()) return -1;
  const int fd = real(folder, name, flags, mode);
  if (fd < 0) return fd;
  if (creates) node = the_model->Make(path, Node::Kind::kFile);
  if (empties) node->data.clear();
  the_model->Opened(fd, std::move(node));
  return fd;
}

mode_t ModeOf(int flags, va_list arguments) {
  return (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
}

}  // namespace

FaultyDirectory::FaultyDirectory(const std::string& path, const Plan& plan)
    : model_(std::make_unique<Model>(path, plan)) {
  the_model = model_.get();
}

FaultyDirectory::~FaultyDirectory() { the_model = nullptr; }

bool FaultyDirectory::has_struck() const { return model_->struck(); }

void FaultyDirectory::LeaveAt(const std::string& path) {
  the_model = nullptr;
  model_->Leave(path);
}

}  // namespace eris::test

// ---- the C library's calls, for this program and the libraries in it ----

namespace {

using eris::test::IsWatched;
using eris::test::Node;
using eris::test::Open;
using eris::test::PathAt;
using eris::test::Real;
using eris::test::the_model;

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = eris::test::ModeOf(flags, arguments);
  va_end(arguments);
  return Open(AT_FDCWD, path, flags, mode);
}

int openat(int folder, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = eris::test::ModeOf(flags, arguments);
  va_end(arguments);
  return Open(folder, path, flags, mode);
}

int mkostemp(char* path, int flags) {
  static auto* const real = Real<int(char*, int)>("mkostemp");
  if (!IsWatched(path)) return real(path, flags);
  if (!the_model->Admit()) return -1;
  const int fd = real(path, flags);
  if (fd >= 0) the_model->Opened(fd, the_model->Make(path, Node::Kind::kFile));
  return fd;
}

char* mkdtemp(char* path) noexcept {
  static auto* const real = Real<char*(char*)>("mkdtemp");
  if (!IsWatched(path)) return real(path);
  if (!the_model->Admit()) return nullptr;
  char* const made = real(path);
  if (made != nullptr) the_model->Make(path, Node::Kind::kDirectory);
  return made;
}

int close(int fd) {
  static auto* const real = Real<int(int)>("close");
  if (the_model != nullptr) the_model->Forget(fd);
  return real(fd);
}

int close_range(unsigned first, unsigned last, int flags) noexcept {
  static auto* const real = Real<int(unsigned, unsigned, int)>("close_range");
  if (the_model != nullptr) the_model->ForgetFrom(static_cast<int>(first));
  return real(first, last, flags);
}

ssize_t write(int fd, const void* from, size_t size) {
  static auto* const real = Real<ssize_t(int, const void*, size_t)>("write");
  const auto node = the_model == nullptr ? nullptr : the_model->OfDescriptor(fd);
  if (node == nullptr) return real(fd, from, size);
  if (!the_model->Admit()) return -1;
  const bool appends = (::fcntl(fd, F_GETFL) & O_APPEND) != 0;
  const auto offset = appends ? node->data.size() : static_cast<size_t>(::lseek(fd, 0, SEEK_CUR));
  const ssize_t written = real(fd, from, size);
  if (written <= 0) return written;
  const auto length = static_cast<size_t>(written);
  if (node->data.size() < offset + length) node->data.resize(offset + length);
  node->data.replace(offset, length, static_cast<const char*>(from), length);
  return written;
}

int fsync(int fd) {
  static auto* const real = Real<int(int)>("fsync");
  const auto node = the_model == nullptr ? nullptr : the_model->OfDescriptor(fd);
  if (node == nullptr) return real(fd);
  if (!the_model->Admit()) return -1;
  the_model->Sync(*node);
  return 0;  // what survives is the model's: the real disk need not sync
}

int ftruncate(int fd, off_t size) noexcept {
  static auto* const real = Real<int(int, off_t)>("ftruncate");
  const auto node = the_model == nullptr ? nullptr : the_model->OfDescriptor(fd);
  if (node == nullptr) return real(fd, size);
  if (!the_model->Admit()) return -1;
  node->data.resize(static_cast<size_t>(size));
  return real(fd, size);
}

int truncate(const char* path, off_t size) noexcept {
  static auto* const real = Real<int(const char*, off_t)>("truncate");
  const auto node = IsWatched(path) ? the_model->Find(path) : nullptr;
  if (node == nullptr) return real(path, size);
  if (!the_model->Admit()) return -1;
  node->data.resize(static_cast<size_t>(size));
  return real(path, size);
}

int rename(const char* from, const char* to) noexcept {
  static auto* const real = Real<int(const char*, const char*)>("rename");
  if (!IsWatched(from)) return real(from, to);
  if (!the_model->Admit()) return -1;
  const int result = real(from, to);
  if (result == 0) the_model->Rename(from, to);
  return result;
}

int mkdir(const char* path, mode_t mode) noexcept {
  static auto* const real = Real<int(const char*, mode_t)>("mkdir");
  if (!IsWatched(path) || the_model->Find(path) != nullptr) return real(path, mode);
  if (!the_model->Admit()) return -1;
  const int result = real(path, mode);
  if (result == 0) the_model->Make(path, Node::Kind::kDirectory);
  return result;
}

int symlink(const char* target, const char* path) noexcept {
  static auto* const real = Real<int(const char*, const char*)>("symlink");
  if (!IsWatched(path)) return real(target, path);
  if (!the_model->Admit()) return -1;
  const int result = real(target, path);
  if (result == 0) the_model->Make(path, Node::Kind::kLink, target);
  return result;
}

int unlinkat(int folder, const char* name, int flags) noexcept {
  static auto* const real = Real<int(int, const char*, int)>("unlinkat");
  const std::string path = PathAt(folder, name);
  if (!IsWatched(path.c_str())) return real(folder, name, flags);
  if (!the_model->Admit()) return -1;
  const int result = real(folder, name, flags);
  if (result == 0) the_model->Put(path, nullptr);
  return result;
}

int unlink(const char* path) noexcept { return unlinkat(AT_FDCWD, path, 0); }

}  // extern "C"
// NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables, readability-identifier-naming)
