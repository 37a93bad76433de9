#include "dysnomia/snapshot_command.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "schema/base/text.h"
#include "schema/values/base_snapshot.h"
#include "state/snapshots/copy.h"
#include "state/snapshots/store.h"
#include "state/snapshots/stream.h"

namespace eris::dysnomia {
namespace {

using snapshots::SnapshotStore;
using snapshots::StateKey;

std::string Line(const std::string& reference, std::uint64_t bytes) {
  return reference + " " + std::to_string(bytes) + "\n";
}

Result<std::string> Copy(const std::vector<std::string>& words) {
  ERIS_ASSIGN(const auto name, snapshots::ParseReference(words[2]));
  const SnapshotStore from(words[1]);
  const SnapshotStore to(words[3]);
  const StateKey as{words[4], words[5]};
  if (name.id == snapshots::kAllGenerations) {
    ERIS_ASSIGN(const auto last, snapshots::CopyGenerations(from, name.key, to, as));
    return last.reference.empty() ? std::string() : Line(last.reference, last.bytes);
  }
  ERIS_ASSIGN(const auto copied, snapshots::CopySnapshot(from, name, to, as));
  return Line(copied.reference, copied.bytes);
}

Result<std::string> Select(const std::vector<std::string>& words) {
  const SnapshotStore store(words[1]);
  ERIS_ASSIGN(auto name, snapshots::ParseReference(words[2]));
  if (name.id.empty()) {
    ERIS_ASSIGN(const auto newest, store.Newest(name.key));
    if (newest) name.id = newest->id;
  }
  ERIS_TRY(store.Verify(name.key, name.id));
  if (!IsBaseSnapshot(name.id)) ERIS_TRY(store.MakeNewest(name.key, name.id));
  ERIS_ASSIGN(const std::uint64_t bytes, snapshots::BytesOf(store.PathOf(name.key, name.id)));
  return Line(SnapshotStore::ReferenceOf(name.key, name.id), bytes);
}

Result<std::string> Taken(const std::vector<std::string>& words) {
  const SnapshotStore store(words[1]);
  const StateKey key{words[2], words[3]};
  ERIS_ASSIGN(const UniqueFd lock, store.Lock(key));
  ERIS_TRY(store.Collect(key, snapshots::kKeptGenerations));
  ERIS_ASSIGN(const auto newest, store.Newest(key));
  if (!newest) return std::string();
  ERIS_ASSIGN(const std::uint64_t bytes, snapshots::BytesOf(store.PathOf(key, newest->id)));
  return Line(SnapshotStore::ReferenceOf(key, newest->id), bytes);
}

Result<std::string> Base(const std::vector<std::string>& words) {
  const SnapshotStore store(words[1]);
  const StateKey key{words[2], words[3]};
  ERIS_ASSIGN(const std::string newest, store.NewestBase(key));
  if (newest.empty()) return std::string();
  ERIS_ASSIGN(const std::uint64_t bytes, snapshots::BytesOf(store.PathOf(key, newest)));
  return Line(SnapshotStore::ReferenceOf(key, newest), bytes);
}

Result<std::string> DropBases(const std::vector<std::string>& words) {
  const SnapshotStore store(words[1]);
  ERIS_ASSIGN(const auto keys, store.KeysWithBases());
  for (const StateKey& key : keys) ERIS_TRY(store.DropBases(key));
  return std::string();
}

// All bytes of the key's snapshots.
std::uint64_t BytesAt(const SnapshotStore& store, const StateKey& key) {
  return snapshots::BytesOf(store.PathOf(key, "")).value_or(0);
}

Result<std::string> Clean(const std::vector<std::string>& words) {
  const SnapshotStore store(words[1]);
  ERIS_ASSIGN(const std::uint64_t keep, ParseUnsigned(words[2]));
  if (keep < 1) return Fail(ErrorCode::kInvalid, "the newest generation is always kept");
  ERIS_ASSIGN(const auto keys, store.Keys());
  std::uint64_t freed = 0;
  for (const StateKey& key : keys) {
    if (!words[3].empty() && words[3] != key.container) continue;
    if (!words[4].empty() && words[4] != key.component) continue;
    ERIS_ASSIGN(const UniqueFd lock, store.Lock(key));
    const std::uint64_t before = BytesAt(store, key);
    ERIS_TRY(store.Collect(key, keep));
    freed += before - std::min(before, BytesAt(store, key));
  }
  return Line("freed", freed);
}

Result<snapshots::SnapshotStream> StreamOf(const std::vector<std::string>& words) {
  ERIS_ASSIGN(const auto name, snapshots::ParseReference(words[2]));
  ERIS_ASSIGN(const std::uint64_t bytes, ParseUnsigned(words[3]));
  if (!IsSafeFileName(words[4])) return Fail(ErrorCode::kInvalid, "that is no digest");
  return snapshots::SnapshotStream{.name = name, .bytes = bytes, .sha256 = words[4]};
}

Result<std::string> Describe(const std::vector<std::string>& words) {
  ERIS_ASSIGN(const auto name, snapshots::ParseReference(words[2]));
  const SnapshotStore store(words[1]);
  std::vector<snapshots::SnapshotName> names{name};
  if (name.id == snapshots::kAllGenerations) {
    ERIS_ASSIGN(names, snapshots::NamesOfGenerations(store, name.key));
  }
  std::string lines;
  const auto add = [&lines](const snapshots::SnapshotStream& stream) {
    lines += SnapshotStore::ReferenceOf(stream.name.key, stream.name.id) + " " +
             std::to_string(stream.bytes) + " " + stream.sha256 + "\n";
  };
  std::set<std::string> bases;
  for (const snapshots::SnapshotName& one : names) {
    ERIS_ASSIGN(const auto stream, snapshots::DescribeStream(store, one));
    ERIS_ASSIGN(const std::string base, store.BaseOf(one.key, stream.name.id));
    if (!base.empty() && bases.insert(base).second) {
      ERIS_ASSIGN(const auto before, snapshots::DescribeBase(store, {one.key, base}));
      add(before);
    }
    add(stream);
  }
  return lines;
}

Result<std::string> Arrived(const std::vector<std::string>& words) {
  ERIS_ASSIGN(const auto stream, StreamOf(words));
  const auto standing =
      words[5] == "older" ? snapshots::Standing::kAsItIs : snapshots::Standing::kNewest;
  ERIS_ASSIGN(const auto bytes, snapshots::ArrivedBytes(SnapshotStore(words[1]), stream, standing));
  return (bytes ? std::to_string(*bytes) : "all") + "\n";
}

Result<std::string> Send(const std::vector<std::string>& words) {
  ERIS_ASSIGN(const auto name, snapshots::ParseReference(words[2]));
  ERIS_TRY(snapshots::SendStream(SnapshotStore(words[1]), name, STDOUT_FILENO));
  return std::string();
}

Result<std::string> Receive(const std::vector<std::string>& words) {
  ERIS_ASSIGN(const auto stream, StreamOf(words));
  ERIS_ASSIGN(const std::uint64_t skip, ParseUnsigned(words[5]));
  ERIS_ASSIGN(const auto received, snapshots::ReceiveStream(SnapshotStore(words[1]), stream,
                                                            STDIN_FILENO, {.skip = skip}));
  return Line(received.reference, received.bytes);
}

}  // namespace

Result<std::string> RunSnapshotCommand(const std::vector<std::string>& words) {
  struct Verb {
    std::string_view name;
    std::size_t words;
    Result<std::string> (*run)(const std::vector<std::string>& words);
  };
  static constexpr std::array kVerbs{Verb{"copy", 6, Copy},
                                     Verb{"select", 3, Select},
                                     Verb{"taken", 4, Taken},
                                     Verb{"base", 4, Base},
                                     Verb{"drop-bases", 2, DropBases},
                                     Verb{"describe", 3, Describe},
                                     Verb{"arrived", 6, Arrived},
                                     Verb{"send", 3, Send},
                                     Verb{"receive", 6, Receive},
                                     Verb{"clean", 5, Clean}};
  const std::string name = words.empty() ? "" : words.front();
  for (const Verb& verb : kVerbs) {
    if (verb.name == name && verb.words == words.size()) return verb.run(words);
  }
  return Fail(ErrorCode::kInvalid, "--snapshots: '" + name + "' is not understood",
              "see dysnomia/snapshot_command.h");
}

}  // namespace eris::dysnomia
