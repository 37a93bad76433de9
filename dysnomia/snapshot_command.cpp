#include "dysnomia/snapshot_command.h"

#include <unistd.h>

#include <array>
#include <string_view>

#include "schema/base/text.h"
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
  ERIS_ASSIGN(const auto copied,
              snapshots::CopySnapshot(SnapshotStore(words[1]), name, SnapshotStore(words[3]),
                                      StateKey{words[4], words[5]}));
  return Line(copied.reference, copied.bytes);
}

Result<std::string> Select(const std::vector<std::string>& words) {
  const SnapshotStore store(words[1]);
  ERIS_ASSIGN(const auto name, snapshots::ParseReference(words[2]));
  ERIS_TRY(store.Verify(name.key, name.id));
  ERIS_TRY(store.MakeNewest(name.key, name.id));
  ERIS_ASSIGN(const std::uint64_t bytes, snapshots::BytesOf(store.PathOf(name.key, name.id)));
  return Line(SnapshotStore::ReferenceOf(name.key, name.id), bytes);
}

Result<std::string> Newest(const std::vector<std::string>& words) {
  const SnapshotStore store(words[1]);
  const StateKey key{words[2], words[3]};
  ERIS_ASSIGN(const auto newest, store.Newest(key));
  if (!newest) return std::string();
  ERIS_ASSIGN(const std::uint64_t bytes, snapshots::BytesOf(store.PathOf(key, newest->id)));
  return Line(SnapshotStore::ReferenceOf(key, newest->id), bytes);
}

Result<snapshots::SnapshotStream> StreamOf(const std::vector<std::string>& words) {
  ERIS_ASSIGN(const auto name, snapshots::ParseReference(words[2]));
  ERIS_ASSIGN(const std::uint64_t bytes, ParseUnsigned(words[3]));
  if (!IsSafeFileName(words[4])) return Fail(ErrorCode::kInvalid, "that is no digest");
  return snapshots::SnapshotStream{.name = name, .bytes = bytes, .sha256 = words[4]};
}

Result<std::string> Describe(const std::vector<std::string>& words) {
  ERIS_ASSIGN(const auto name, snapshots::ParseReference(words[2]));
  ERIS_ASSIGN(const auto stream, snapshots::DescribeStream(SnapshotStore(words[1]), name));
  return SnapshotStore::ReferenceOf(stream.name.key, stream.name.id) + " " +
         std::to_string(stream.bytes) + " " + stream.sha256 + "\n";
}

Result<std::string> Arrived(const std::vector<std::string>& words) {
  ERIS_ASSIGN(const auto stream, StreamOf(words));
  ERIS_ASSIGN(const auto bytes, snapshots::ArrivedBytes(SnapshotStore(words[1]), stream));
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
  static constexpr std::array kVerbs{Verb{"copy", 6, Copy},       Verb{"select", 3, Select},
                                     Verb{"newest", 4, Newest},   Verb{"describe", 3, Describe},
                                     Verb{"arrived", 5, Arrived}, Verb{"send", 3, Send},
                                     Verb{"receive", 6, Receive}};
  const std::string name = words.empty() ? "" : words.front();
  for (const Verb& verb : kVerbs) {
    if (verb.name == name && verb.words == words.size()) return verb.run(words);
  }
  return Fail(ErrorCode::kInvalid, "--snapshots: '" + name + "' is not understood",
              "see dysnomia/snapshot_command.h");
}

}  // namespace eris::dysnomia
