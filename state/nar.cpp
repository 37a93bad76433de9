#include "state/nar.h"

#include <algorithm>
#include <cstring>

#include "schema/base/check.h"
#include "state/store_path.h"

namespace eris {
namespace {

constexpr std::size_t kWord = 8;
constexpr std::size_t kMaxDepth = 128;
constexpr std::size_t kMaxToken = 16;
constexpr std::size_t kMaxName = 255;
constexpr std::size_t kMaxTarget = 4096;

tl::unexpected<Error> NoNar(const std::string& why) {
  return Fail(ErrorCode::kInvalid, "not a valid archive: " + why);
}

std::uint64_t LittleEndian(std::string_view word) {
  std::uint64_t value = 0;
  for (std::size_t i = kWord; i-- > 0;) {
    value = value << 8 | static_cast<std::uint64_t>(static_cast<unsigned char>(word[i]));
  }
  return value;
}

}  // namespace

Status NarChecker::Update(std::string_view bytes) {
  if (failed_) return NoNar("it was wrong before");
  failed_ = true;  // until all of it is seen to be right
  whole_.Update(bytes);
  bytes_ += bytes.size();
  while (!bytes.empty()) {
    if (expect_ == Expect::kEnd && !in_text_ && padding_ == 0) return NoNar("bytes after its end");
    if (padding_ > 0) {
      const std::size_t take = std::min<std::uint64_t>(padding_, bytes.size());
      if (bytes.substr(0, take).find_first_not_of('\0') != std::string_view::npos) {
        return NoNar("padding that is not zero");
      }
      padding_ -= take;
      bytes.remove_prefix(take);
      continue;
    }
    const std::uint64_t wanted = in_text_ ? left_ : kWord - pending_.size();
    const std::size_t take = std::min<std::uint64_t>(wanted, bytes.size());
    const std::string_view part = bytes.substr(0, take);
    bytes.remove_prefix(take);
    if (in_text_) left_ -= take;
    if (in_text_ && streaming_) {
      if (is_flat_) flat_.Update(part);
    } else {
      pending_.append(part);
    }
    if (in_text_ ? left_ == 0 : pending_.size() == kWord) {
      ERIS_TRY(in_text_ ? Text() : Word());
    }
  }
  failed_ = false;
  return {};
}

std::size_t NarChecker::MaxLength() const {
  if (expect_ == Expect::kNameText) return kMaxName;
  return expect_ == Expect::kTargetText ? kMaxTarget : kMaxToken;
}

Status NarChecker::Word() {
  left_ = LittleEndian(pending_);
  pending_.clear();
  streaming_ = expect_ == Expect::kContents;
  if (!streaming_ && left_ > MaxLength())
    return NoNar("a text of " + std::to_string(left_) + " bytes");
  padding_after_ = (kWord - left_ % kWord) % kWord;
  in_text_ = true;
  if (streaming_) is_flat_ = last_names_.empty() && !is_executable_;
  if (left_ == 0) return Text();
  return {};
}

Status NarChecker::Text() {
  const std::string token = std::move(pending_);
  pending_.clear();
  in_text_ = false;
  padding_ = padding_after_;
  if (streaming_) {
    streaming_ = false;
    expect_ = Expect::kAfterBytes;
    return {};
  }
  return TakeToken(token);
}

Status NarChecker::CloseNode() {
  expect_ = last_names_.empty() ? Expect::kEnd : Expect::kEntryClose;
  is_executable_ = false;
  return {};
}

Status NarChecker::EntryName(std::string_view name) {
  const bool bad = name.empty() || name == "." || name == ".." ||
                   name.find('/') != std::string_view::npos ||
                   name.find('\0') != std::string_view::npos;
  if (bad) return NoNar("an entry with a name that is none");
  if (name <= last_names_.back()) return NoNar("entries out of order");
  last_names_.back() = std::string(name);
  return {};
}

Status NarChecker::TakeToken(std::string_view token) {
  const auto next = [&](std::string_view wanted, Expect then) -> Status {
    if (token != wanted) return NoNar("no \"" + std::string(wanted) + "\" where there must be one");
    expect_ = then;
    return {};
  };
  switch (expect_) {
    case Expect::kMagic:
      return next("nix-archive-1", Expect::kNodeOpen);
    case Expect::kNodeOpen:
      return next("(", Expect::kType);
    case Expect::kType:
      return next("type", Expect::kTypeName);
    case Expect::kTypeName:
      if (token == "symlink") return next("symlink", Expect::kTarget);
      if (token == "regular") return next("regular", Expect::kRegular);
      if (last_names_.size() >= kMaxDepth) return NoNar("directories too deep");
      last_names_.emplace_back();
      return next("directory", Expect::kEntry);
    case Expect::kRegular:
      if (token == ")") return CloseNode();
      if (token == "executable" && !is_executable_) {
        is_executable_ = true;
        return next("executable", Expect::kExecutable);
      }
      return next("contents", Expect::kContents);
    case Expect::kExecutable:
      return next("", Expect::kRegular);
    case Expect::kAfterBytes:
    case Expect::kAfterTarget:
      return token == ")" ? CloseNode() : next(")", expect_);
    case Expect::kTarget:
      return next("target", Expect::kTargetText);
    case Expect::kTargetText:
      if (token.empty() || token.find('\0') != std::string_view::npos) return NoNar("a link");
      expect_ = Expect::kAfterTarget;
      return {};
    case Expect::kEntry:
      if (token != ")") return next("entry", Expect::kEntryOpen);
      last_names_.pop_back();
      return CloseNode();
    case Expect::kEntryOpen:
      return next("(", Expect::kName);
    case Expect::kName:
      return next("name", Expect::kNameText);
    case Expect::kNameText:
      ERIS_TRY(EntryName(token));
      expect_ = Expect::kNode;
      return {};
    case Expect::kNode:
      return next("node", Expect::kNodeOpen);
    case Expect::kEntryClose:
      return next(")", Expect::kEntry);
    case Expect::kContents:
    case Expect::kEnd:
      break;
  }
  return NoNar("bytes after its end");
}

Status NarChecker::Finish(const ObjectInfo& object) {
  if (failed_) return NoNar("it was wrong before");
  failed_ = true;
  const bool whole = expect_ == Expect::kEnd && !in_text_ && padding_ == 0 && pending_.empty();
  if (!whole) return NoNar("it is cut off");
  const auto wrong = [&](std::string_view what) {
    return Fail(ErrorCode::kInvalid, object.name + ": the bytes that came have another " +
                                         std::string(what) + " than was announced");
  };
  if (bytes_ != object.bytes) return wrong("length");
  const Sha256Digest digest = whole_.Finish();
  if (object.sha256 != std::string(digest.begin(), digest.end())) return wrong("hash");
  const std::string_view address = object.content_address;
  const bool is_recursive = address.starts_with("fixed:r:sha256:");
  const bool is_flat = address.starts_with("text:sha256:") || address.starts_with("fixed:sha256:");
  if (!is_recursive && !is_flat) return {};
  ERIS_ASSIGN(const std::string promised, ParseSha256(address.substr(address.find("sha256:"))));
  if (is_recursive) {
    return promised == object.sha256 ? Status() : Status(wrong("content address"));
  }
  const Sha256Digest flat = flat_.Finish();
  if (!is_flat_ || promised != std::string(flat.begin(), flat.end())) {
    return wrong("content address");
  }
  return {};
}

}  // namespace eris
