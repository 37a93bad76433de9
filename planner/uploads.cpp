#include "planner/uploads.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <set>
#include <utility>
#include <variant>

#include "broker/bulk/writer.h"
#include "planner/depot_rules.h"
#include "schema/base/files.h"
#include "schema/base/text.h"
#include "state/nix_commands.h"
#include "state/store_path.h"

namespace eris::planner {
namespace {

constexpr std::uint64_t kMostBytes = 4 * std::uint64_t{limits::kSubmissionBytes};  // unpacked
constexpr std::size_t kPiecesAhead = 8;
constexpr int kTries = 3;  // of a store that cannot be written now
constexpr std::chrono::seconds kTryAgain{10};
constexpr std::chrono::hours kKept{24};

// Those that no other of them refers to: with them all are protected.
std::vector<StorePath> TopsOf(const std::vector<PackedObject>& objects) {
  std::set<StorePath> inner;
  for (const PackedObject& object : objects) {
    for (const StorePath& reference : object.info.references) {
      if (reference.text != object.info.name) inner.insert(reference);
    }
  }
  std::vector<StorePath> tops;
  for (const PackedObject& object : objects) {
    const StorePath path(object.info.name);
    if (!inner.contains(path)) tops.push_back(path);
  }
  return tops;
}

std::vector<ObjectInfo> InfosOf(const std::vector<PackedObject>& objects) {
  std::vector<ObjectInfo> infos;
  infos.reserve(objects.size());
  for (const PackedObject& object : objects) infos.push_back(object.info);
  return infos;
}

// Those to what does not come before.
std::set<StorePath> ForeignReferences(const std::vector<PackedObject>& objects) {
  std::set<std::string_view> before;
  std::set<StorePath> foreign;
  for (const PackedObject& object : objects) {
    before.insert(object.info.name);
    for (const StorePath& reference : object.info.references) {
      if (!before.contains(reference.text)) foreign.insert(reference);
    }
  }
  return foreign;
}

}  // namespace

Status JudgeUpload(const std::vector<PackedObject>& objects) {
  std::uint64_t left = kMostBytes;
  for (const PackedObject& object : objects) {
    if (object.info.kind != ObjectKind::kStorePath) {
      return Fail(ErrorCode::kInvalid, object.info.name + " is no store path");
    }
    std::uint64_t bytes = 0;
    for (const PackedObject::Piece& piece : object.pieces) bytes += piece.raw_bytes;
    if (bytes != object.info.bytes) {
      return Fail(ErrorCode::kInvalid, object.info.name + " is not as long as it says");
    }
    if (bytes > left) return Fail(ErrorCode::kInvalid, "an upload of more than a gigabyte");
    left -= bytes;
    for (const StorePath& reference : object.info.references) {
      ERIS_TRY(ParseStorePath(reference.text));
    }
  }
  return JudgeOffer(InfosOf(objects), {});
}

// One upload on its way into the store. Not to be destroyed from within its end.
class Uploads::Import {
 public:
  Import(const UploadObjects& upload, const std::vector<std::string>& environment, link::Loop& loop,
         std::function<void(Status)> on_end)
      : objects_(upload.objects),
        shelf_({.environment = environment, .trust = bulk::Trust::kNothing}, loop),
        writer_(loop, shelf_,
                {.on_taken =
                     [this] {
                       --ahead_;
                       Feed();
                     },
                 .on_stored =
                     [this](std::uint32_t) {
                       if (++stored_ == lacking_.size()) on_end_({});
                     },
                 .on_failed = [this](Error error) { on_end_(Fail(std::move(error))); }}),
        on_end_(std::move(on_end)) {}

  void Start() {
    if (Status right = JudgeUpload(objects_); !right) return on_end_(std::move(right));
    std::vector<ObjectInfo> asked = InfosOf(objects_);
    // What they refer to and do not bring must be there.
    for (const StorePath& path : ForeignReferences(objects_)) asked.push_back({.name = path.text});
    shelf_.Lacking(asked, [this, asked](const Result<std::vector<std::uint32_t>>& lacking) {
      if (!lacking) return on_end_(Fail(lacking.error()));
      OnLacking(asked, *lacking);
    });
  }

 private:
  void OnLacking(const std::vector<ObjectInfo>& asked, const std::vector<std::uint32_t>& lacking) {
    for (const std::uint32_t position : lacking) {
      if (position < objects_.size()) {
        lacking_.push_back(position);
        continue;
      }
      return on_end_(
          Fail(ErrorCode::kInvalid, "it needs " + asked[position].name + ", which is not here"));
    }
    if (lacking_.empty()) return on_end_({});
    Feed();
  }

  // What is taken at once asks for more from within: the loop is here alone.
  void Feed() {
    if (feeding_) return;
    feeding_ = true;
    while (ahead_ < kPiecesAhead && next_ < lacking_.size()) {
      const PackedObject& object = objects_[lacking_[next_]];
      const PackedObject::Piece& piece = object.pieces[piece_];
      const bool is_last = piece_ + 1 == object.pieces.size();
      const BulkChunk header{.object = lacking_[next_],
                             .number = static_cast<std::uint32_t>(piece_),
                             .raw_bytes = piece.raw_bytes,
                             .encoding = piece.encoding,
                             .end = is_last};
      piece_ = is_last ? 0 : piece_ + 1;
      if (is_last) ++next_;
      ++ahead_;
      writer_.Add(object.info, header, piece.bytes);
    }
    feeding_ = false;
  }

  const std::vector<PackedObject>& objects_;
  std::vector<std::uint32_t> lacking_;
  std::size_t next_ = 0;   // of lacking_
  std::size_t piece_ = 0;  // of that object
  std::size_t ahead_ = 0;
  std::size_t stored_ = 0;
  bool feeding_ = false;
  bulk::StoreShelf shelf_;
  bulk::Writer writer_;
  std::function<void(Status)> on_end_;
};

Uploads::Uploads(Options options, link::Loop& loop, Log& log, Handlers handlers)
    : options_(std::move(options)),
      loop_(loop),
      log_(log),
      handlers_(std::move(handlers)),
      questions_(MakeShelf()) {}

Uploads::~Uploads() { loop_.Cancel(later_); }

std::unique_ptr<bulk::StoreShelf> Uploads::MakeShelf() {
  return std::make_unique<bulk::StoreShelf>(
      bulk::StoreShelfOptions{.environment = options_.environment}, loop_);
}

void Uploads::Add(Submission submission) {
  waiting_.push_back(std::move(submission));
  TakeNext();
}

void Uploads::Clear() {
  const bool is_busy = import_ != nullptr || later_.number != 0;
  waiting_.erase(waiting_.begin() + (is_busy ? 1 : 0), waiting_.end());
}

void Uploads::Lacking(const std::vector<StorePath>& paths, Answer answer) {
  if (asked_ >= kQuestions) {
    return answer(Fail(ErrorCode::kUnavailable, "too many questions at a time"));
  }
  ++asked_;
  questions_->Valid(
      paths, [this, paths, answer = std::move(answer)](Result<std::vector<StorePath>> valid) {
        --asked_;
        if (!valid) return answer(Fail(valid.error()));
        const std::set<StorePath> here(valid->begin(), valid->end());
        std::vector<StorePath> lacking;
        std::copy_if(paths.begin(), paths.end(), std::back_inserter(lacking),
                     [&here](const StorePath& path) { return !here.contains(path); });
        answer(std::move(lacking));
      });
}

void Uploads::TakeNext() {
  while (!waiting_.empty() && !import_ && later_.number == 0) {
    const auto* upload = std::get_if<UploadObjects>(&waiting_.front().action);
    if (upload == nullptr) {
      const Submission submission = std::move(waiting_.front());
      waiting_.pop_front();
      handlers_.on_submission(submission);
      continue;
    }
    import_ = std::make_unique<Import>(*upload, options_.environment, loop_,
                                       [this](Status status) { OnImported(std::move(status)); });
    import_->Start();
  }
}

// Later, because this may be one of its answers.
void Uploads::OnImported(Status status) {
  later_ = loop_.After(Duration(0), [this, status = std::move(status)] {
    later_ = {};
    if (status) return Root();
    End(status);
  });
}

// The processes of the import protect what it has brought until this has been done.
void Uploads::Root() {
  std::vector<StorePath> derivations;
  std::vector<StorePath> others;
  for (StorePath& path : TopsOf(std::get<UploadObjects>(waiting_.front().action).objects)) {
    (path.text.ends_with(".drv") ? derivations : others).push_back(std::move(path));
  }
  const std::string folder = options_.roots_dir + "/" + waiting_.front().id.text;
  if (!IsSafeFileName(waiting_.front().id.text)) {
    return End(Fail(ErrorCode::kInvalid, "its id cannot be the name of a folder"));
  }
  if (const Status made = MakeDirectories(folder, 0700); !made) return End(made);
  for (auto& command : AddDerivationRootsCommands(derivations, folder + "/derivation")) {
    rooting_.push_back(std::move(command));
  }
  for (auto& command : AddRootsCommands(others, folder + "/source")) {
    rooting_.push_back(std::move(command));
  }
  OnRooted({});
}

void Uploads::OnRooted(const Status& status) {
  if (!status || rooting_.empty()) return End(status);
  auto program = link::PipedProgram::Start(
      loop_, {.argv = rooting_.front(), .environment = options_.environment},
      {.on_end = [this](const Status& ended) {
        later_ = loop_.After(Duration(0), [this, ended] {
          later_ = {};
          program_.reset();
          OnRooted(ended);
        });
      }});
  rooting_.pop_front();
  if (!program) return End(Fail(program.error()));
  program_ = std::move(*program);
}

// A store that cannot be written now may be so later; a refusal is final.
void Uploads::End(const Status& status) {
  rooting_.clear();
  import_.reset();
  const SubmissionId id = waiting_.front().id;
  if (!status) {
    log_.Warn("upload.failed", {{"submission", id.text}, {"error", status.error().message}});
    if (status.error().code != ErrorCode::kInvalid && ++tries_ < kTries) {
      later_ = loop_.After(kTryAgain, [this] {
        later_ = {};
        TakeNext();
      });
      return;
    }
  } else {
    const auto& objects = std::get<UploadObjects>(waiting_.front().action).objects;
    log_.Info("upload.taken", {{"submission", id.text}, {"objects", objects.size()}});
  }
  tries_ = 0;
  waiting_.pop_front();
  handlers_.on_taken({.id = id,
                      .transaction = {},
                      .refused = status ? std::string() : "upload: " + status.error().message});
  TakeNext();
}

void Uploads::KeepUp() {
  if (asked_ == 0) {
    earlier_questions_ = std::move(questions_);
    questions_ = MakeShelf();
  }
  std::error_code error;
  const auto now = std::filesystem::file_time_type::clock::now();
  for (const auto& entry : std::filesystem::directory_iterator(options_.roots_dir, error)) {
    const auto written = entry.last_write_time(error);
    if (error || now - written < kKept) continue;
    if (const Status removed = RemoveTree(entry.path().string()); !removed) {
      log_.Warn("upload.roots", {{"error", removed.error().message}});
    }
  }
}

}  // namespace eris::planner
