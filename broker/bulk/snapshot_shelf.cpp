#include "broker/bulk/snapshot_shelf.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "schema/base/digest.h"
#include "schema/base/text.h"

namespace eris::bulk {
namespace {

constexpr std::size_t kMaxAnswer = 16'384;

class SnapshotSource final : public ObjectSource {
 public:
  SnapshotSource(link::Loop& loop, link::PipedProgram::Options command)
      : loop_(loop), command_(std::move(command)) {}
  ~SnapshotSource() override { loop_.Cancel(failed_); }

  void Start(Handlers handlers) override {
    auto started = link::PipedProgram::Start(
        loop_, command_, {.on_output = handlers.on_bytes, .on_end = handlers.on_end});
    if (started) {
      program_ = *std::move(started);
      program_->CloseInput();
      return;
    }
    failed_ = loop_.After(
        Duration(0), [on_end = handlers.on_end, error = started.error()] { on_end(Fail(error)); });
  }
  void Pause() override {
    if (program_) program_->Pause();
  }
  void Resume() override {
    if (program_) program_->Resume();
  }

 private:
  link::Loop& loop_;
  link::PipedProgram::Options command_;
  std::unique_ptr<link::PipedProgram> program_;
  link::TimerId failed_;
};

class SnapshotSink final : public ObjectSink {
 public:
  static Result<std::unique_ptr<ObjectSink>> Start(link::Loop& loop,
                                                   const link::PipedProgram::Options& command) {
    auto sink = std::make_unique<SnapshotSink>();
    SnapshotSink* self = sink.get();
    ERIS_ASSIGN(sink->program_,
                link::PipedProgram::Start(
                    loop, command,
                    {.on_room =
                         [self] {
                           if (self->on_room_) self->on_room_();
                         },
                     .on_end = [self](const Status& status) { self->OnEnd(status); }}));
    return Result<std::unique_ptr<ObjectSink>>(std::move(sink));
  }

  void OnRoom(std::function<void()> on_room) override { on_room_ = std::move(on_room); }
  Status Write(std::string_view bytes) override {
    if (ended_) return *ended_;
    program_->Write(bytes);
    return {};
  }
  std::size_t Backlog() const override { return ended_ ? 0 : program_->Backlog(); }
  void Finish(std::function<void(Status)> on_end) override {
    if (ended_) return on_end(*ended_);
    on_end_ = std::move(on_end);
    program_->CloseInput();
  }

 private:
  // Before all of the stream has come it is a failure, whatever it says.
  void OnEnd(const Status& status) {
    const bool finished = on_end_ != nullptr;
    ended_ = status && !finished
                 ? Status(Fail(ErrorCode::kInvalid, "dysnomia took less than a whole snapshot"))
                 : status;
    // What this end cannot keep is not made better by sending it again.
    if (!*ended_) ended_ = Fail(ErrorCode::kInvalid, ended_->error().message);
    if (finished) return std::exchange(on_end_, nullptr)(*ended_);
    if (on_room_) on_room_();
  }

  std::unique_ptr<link::PipedProgram> program_;
  std::function<void()> on_room_;
  std::function<void(Status)> on_end_;
  std::optional<Status> ended_;
};

// Lines of "REFERENCE BYTES SHA256".
Result<std::vector<ObjectInfo>> ReadDescriptions(const std::string& profile,
                                                 std::string_view text) {
  std::vector<ObjectInfo> objects;
  for (const std::string_view line : Split(text, '\n')) {
    if (line.empty()) continue;
    const std::vector<std::string_view> words = Split(line, ' ');
    if (words.size() != 3) return Fail(ErrorCode::kInternal, "no description of a snapshot");
    ERIS_ASSIGN(const std::uint64_t bytes, ParseUnsigned(words[1]));
    ERIS_ASSIGN(const auto digest, FromHex(words[2]));
    objects.push_back({.kind = ObjectKind::kSnapshot,
                       .name = profile + std::string(words[0]),
                       .bytes = bytes,
                       .sha256 = digest});
  }
  return objects;
}

}  // namespace

SnapshotShelf::SnapshotShelf(SnapshotShelfOptions options, link::Loop& loop)
    : options_(std::move(options)), loop_(loop), alive_(std::make_shared<bool>(true)) {}

SnapshotShelf::~SnapshotShelf() { *alive_ = false; }

link::PipedProgram::Options SnapshotShelf::Command(const std::vector<std::string>& words) const {
  std::vector<std::string> argv{options_.dysnomia.string(), "--snapshots"};
  argv.insert(argv.end(), words.begin(), words.end());
  return {.argv = std::move(argv), .environment = options_.environment};
}

void SnapshotShelf::Ask(const std::vector<std::string>& words, Answer<std::string> answer) {
  const std::uint64_t number = ++last_;
  auto started = link::PipedProgram::Start(
      loop_, Command(words),
      {.on_output =
           [this, number](std::string_view bytes) {
             std::string& output = asking_.at(number).output;
             output.append(bytes.substr(0, kMaxAnswer - std::min(kMaxAnswer, output.size())));
           },
       .on_end =
           [this, number, answer](const Status& status) {
             // Later: this is a handler of the program that goes away.
             loop_.After(Duration(0), [this, alive = alive_, number, answer, status] {
               if (!*alive) return;
               const std::string output(Trim(asking_.at(number).output));
               asking_.erase(number);
               if (!status) return answer(Fail(status.error()));
               answer(output);
             });
           }});
  if (started) {
    (*started)->CloseInput();
    asking_[number] = {.program = *std::move(started), .output = {}};
    return;
  }
  loop_.After(Duration(0), [alive = alive_, answer = std::move(answer), error = started.error()] {
    if (*alive) answer(Fail(error));
  });
}

void SnapshotShelf::List(const std::vector<std::string>& names,
                         Answer<std::vector<ObjectInfo>> answer) {
  const auto place = names.size() == 1
                         ? options_.place(names.front())
                         : Fail(ErrorCode::kInvalid, "a request is about one snapshot");
  if (!place) {
    loop_.After(Duration(0), [alive = alive_, answer, error = place.error()] {
      if (*alive) answer(Fail(error));
    });
    return;
  }
  Ask({"describe", place->state_dir.string(), place->reference},
      [name = names.front(), answer = std::move(answer)](Result<std::string> told) {
        if (!told) return answer(Fail(ErrorCode::kNotFound, told.error().message));
        answer(ReadDescriptions(name.substr(0, name.find('/') + 1), *told));
      });
}

void SnapshotShelf::Lacking(const std::vector<ObjectInfo>& objects,
                            Answer<std::vector<std::uint32_t>> answer) {
  // From the loop, also where there is nothing to look at.
  loop_.After(Duration(0), [this, alive = alive_,
                            looking = Looking{.objects = objects, .answer = std::move(answer)}] {
    if (*alive) Look(looking);
  });
}

void SnapshotShelf::Look(Looking looking) {
  if (looking.next == looking.objects.size()) return looking.answer(std::move(looking.lacking));
  const ObjectInfo object = looking.objects[looking.next];
  const auto place = options_.place(object.name);
  if (!place) return looking.answer(Fail(place.error()));
  const bool is_last = looking.next + 1 == looking.objects.size();
  Ask({"arrived", place->state_dir.string(), place->reference, std::to_string(object.bytes),
       Hex(object.sha256), is_last ? "newest" : "older"},
      [this, object, looking = std::move(looking)](Result<std::string> told) mutable {
        if (!told) return looking.answer(Fail(ErrorCode::kInvalid, told.error().message));
        if (*told != "all") {
          // Only the first one may begin in the middle.
          const bool is_first = looking.lacking.empty();
          arrived_[object.sha256] = is_first ? ParseUnsigned(*told).value_or(0) : 0;
          looking.lacking.push_back(static_cast<std::uint32_t>(looking.next));
        }
        ++looking.next;
        Look(std::move(looking));
      });
}

// The last chunk comes always: it says that it is the last.
std::uint32_t SnapshotShelf::FirstChunk(const ObjectInfo& object) const {
  const auto arrived = arrived_.find(object.sha256);
  if (arrived == arrived_.end() || object.bytes == 0) return 0;
  return static_cast<std::uint32_t>(std::min(arrived->second, object.bytes - 1) /
                                    limits::kBulkChunkBytes);
}

Result<std::unique_ptr<ObjectSource>> SnapshotShelf::Open(const ObjectInfo& object) {
  ERIS_ASSIGN(const SnapshotPlace place, options_.place(object.name));
  return std::make_unique<SnapshotSource>(
      loop_, Command({"send", place.state_dir.string(), place.reference}));
}

Result<std::unique_ptr<ObjectSink>> SnapshotShelf::Create(const ObjectInfo& object) {
  ERIS_ASSIGN(const SnapshotPlace place, options_.place(object.name));
  const std::uint64_t skip = std::uint64_t{FirstChunk(object)} * limits::kBulkChunkBytes;
  arrived_.erase(object.sha256);
  return SnapshotSink::Start(
      loop_, Command({"receive", place.state_dir.string(), place.reference,
                      std::to_string(object.bytes), Hex(object.sha256), std::to_string(skip)}));
}

std::function<Result<SnapshotPlace>(const std::string& name)> PlacesBelow(
    std::filesystem::path root) {
  return [root = std::move(root)](const std::string& name) -> Result<SnapshotPlace> {
    const std::size_t slash = name.find('/');
    const std::string profile = name.substr(0, slash);
    if (slash == std::string::npos || !IsSafeFileName(profile)) {
      return Fail(ErrorCode::kInvalid, "'" + name + "' does not name a snapshot");
    }
    return SnapshotPlace{root / profile, name.substr(slash + 1)};
  };
}

}  // namespace eris::bulk
