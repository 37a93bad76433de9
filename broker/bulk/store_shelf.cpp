#include "broker/bulk/store_shelf.h"

#include <algorithm>
#include <map>
#include <utility>

#include "schema/base/check.h"
#include "state/nar.h"

namespace eris::bulk {
namespace {

constexpr std::size_t kInfosAtOnce = 500;  // an answer is parsed as a whole
constexpr std::size_t kIdleProcesses = 4;

class NarSource final : public ObjectSource {
 public:
  NarSource(StoreShelf& shelf, ObjectInfo object, std::unique_ptr<StoreProcess> process)
      : shelf_(shelf), object_(std::move(object)), process_(std::move(process)) {}
  ~NarSource() override {
    if (!process_) return;
    process_->program().Resume();
    shelf_.Retire(std::move(process_));
  }

  void Start(Handlers handlers) override {
    process_->serve().Dump(object_, std::move(handlers.on_bytes),
                           [this, on_end = std::move(handlers.on_end)](Status status) {
                             if (status) GiveBack();
                             on_end(std::move(status));
                           });
  }
  void Pause() override {
    if (process_) process_->program().Pause();
  }
  void Resume() override {
    if (process_) process_->program().Resume();
  }

 private:
  // Before anybody hears of the end: the next read begins then, and would start another process.
  void GiveBack() {
    process_->program().Resume();
    shelf_.GiveBack(std::move(process_));
  }

  StoreShelf& shelf_;
  ObjectInfo object_;
  std::unique_ptr<StoreProcess> process_;  // absent once all is read
};

// A process that paths are added by, one after the other. Shared by their sinks: the next path may
// be on its way while Nix has not answered for those before it. Back to the shelf after the last
// one.
class AddingProcess {
 public:
  AddingProcess(StoreShelf& shelf, std::unique_ptr<StoreProcess> process)
      : shelf_(shelf), process_(std::move(process)) {}
  ~AddingProcess() {
    process_->OnRoom(nullptr);
    if (is_usable_) {
      shelf_.GiveBack(std::move(process_));
    } else {
      shelf_.Retire(std::move(process_));
    }
  }
  AddingProcess(const AddingProcess&) = delete;
  AddingProcess& operator=(const AddingProcess&) = delete;

  StoreProcess& process() { return *process_; }
  StoreShelf& shelf() { return shelf_; }
  // In the middle of something, or ended by it.
  void GiveUp() { is_usable_ = false; }

 private:
  StoreShelf& shelf_;
  std::unique_ptr<StoreProcess> process_;
  bool is_usable_ = true;
};

class NarSink final : public ObjectSink {
 public:
  NarSink(std::shared_ptr<AddingProcess> adding, ObjectInfo object)
      : adding_(std::move(adding)), object_(std::move(object)) {
    serve().BeginAdd(object_);
  }
  ~NarSink() override {
    *alive_ = false;
    // Nix has not had the whole archive, or did not like it: nothing is registered.
    if (!is_added_) adding_->GiveUp();
  }

  void OnRoom(std::function<void()> on_room) override {
    adding_->process().OnRoom(std::move(on_room));
  }
  Status Write(std::string_view bytes) override {
    if (adding_->shelf().trust() == Trust::kNothing) ERIS_TRY(checker_.Update(bytes));
    // The last bytes wait until all is known to be right: without them Nix registers nothing.
    held_.append(bytes);
    if (held_.size() <= kHeldBytes) return {};
    serve().AddBytes(std::string_view(held_).substr(0, held_.size() - kHeldBytes));
    held_.erase(0, held_.size() - kHeldBytes);
    return {};
  }
  std::size_t Backlog() const override { return adding_->process().program().Backlog(); }
  void Finish(std::function<void(Status)> on_end) override {
    if (adding_->shelf().trust() == Trust::kNothing) {
      if (Status right = checker_.Finish(object_); !right) return on_end(std::move(right));
    }
    is_whole_ = true;
    serve().AddBytes(held_);
    serve().EndAdd([this, alive = alive_, on_end = std::move(on_end)](Status status) {
      if (!*alive) return;
      is_added_ = status.has_value();
      on_end(std::move(status));
    });
  }
  std::unique_ptr<ObjectSink> Follow(const ObjectInfo& object) override {
    if (!is_whole_ || adding_->process().ended()) return nullptr;
    return std::make_unique<NarSink>(adding_, object);
  }

 private:
  static constexpr std::size_t kHeldBytes = 8;
  NixServe& serve() { return adding_->process().serve(); }

  std::shared_ptr<AddingProcess> adding_;
  ObjectInfo object_;
  NarChecker checker_;
  std::string held_;
  bool is_whole_ = false;                                       // Nix has it
  bool is_added_ = false;                                       // and says so
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // false for an answer after the end
};

}  // namespace

struct StoreShelf::Listing {
  std::vector<StorePath> paths;
  std::size_t asked = 0;
  std::vector<ObjectInfo> objects;
  Answer<std::vector<ObjectInfo>> answer;
};

StoreShelf::StoreShelf(StoreShelfOptions options, link::Loop& loop)
    : options_(std::move(options)), loop_(loop), alive_(std::make_shared<bool>(true)) {}

StoreShelf::~StoreShelf() {
  *alive_ = false;
  loop_.Cancel(sweep_);
}

Result<std::unique_ptr<StoreProcess>> StoreShelf::Take() {
  while (!idle_.empty()) {
    std::unique_ptr<StoreProcess> process = std::move(idle_.back());
    idle_.pop_back();
    if (!process->ended()) return process;
    Retire(std::move(process));
  }
  return StoreProcess::Start(loop_, {.argv = ServeCommand(), .environment = options_.environment});
}

void StoreShelf::GiveBack(std::unique_ptr<StoreProcess> process) {
  if (idle_.size() >= kIdleProcesses) return Retire(std::move(process));
  idle_.push_back(std::move(process));
}

// Later, because this may be one of its answers.
void StoreShelf::Retire(std::unique_ptr<StoreProcess> process) {
  retired_.push_back(std::move(process));
  if (sweep_.number != 0) return;
  sweep_ = loop_.After(Duration(0), [this] {
    sweep_ = {};
    retired_.clear();
  });
}

Result<StoreProcess*> StoreShelf::Queries() {
  if (queries_ && queries_->ended()) Retire(std::move(queries_));
  if (!queries_) {
    ERIS_ASSIGN(queries_,
                StoreProcess::Start(loop_, {.argv = ServeCommand(options_.extra_substituters),
                                            .environment = options_.environment}));
  }
  return queries_.get();
}

void StoreShelf::List(const std::vector<std::string>& names,
                      Answer<std::vector<ObjectInfo>> answer) {
  std::vector<StorePath> roots(names.begin(), names.end());
  const Result<StoreProcess*> process = Queries();
  if (!process) return answer(Fail(process.error()));
  auto listing = std::make_shared<Listing>();
  listing->answer = std::move(answer);
  const auto on_closure = [this, alive = alive_, listing](Result<std::vector<StorePath>> closure) {
    if (!*alive) return;
    if (!closure) return listing->answer(Fail(closure.error()));
    if (closure->size() > limits::kBulkObjects) {
      return listing->answer(Fail(ErrorCode::kInvalid, "a closure of more than 200000 paths"));
    }
    listing->paths = std::move(*closure);
    std::sort(listing->paths.begin(), listing->paths.end());
    AskInfos(listing);
  };
  // A path that is not there would end the process: it is looked for first.
  (*process)->serve().QueryValid(
      {.paths = roots, .keep = true},
      [this, alive = alive_, roots, listing, on_closure](Result<std::vector<StorePath>> valid) {
        if (!*alive) return;
        if (!valid) return listing->answer(Fail(valid.error()));
        for (const StorePath& root : roots) {
          if (std::find(valid->begin(), valid->end(), root) != valid->end()) continue;
          return listing->answer(Fail(ErrorCode::kNotFound, root.text + " is not in this store"));
        }
        const Result<StoreProcess*> queries = Queries();
        if (!queries) return listing->answer(Fail(queries.error()));
        (*queries)->serve().QueryClosure(roots, on_closure);
      });
}

void StoreShelf::AskInfos(const std::shared_ptr<Listing>& listing) {
  if (listing->asked == listing->paths.size()) {
    return listing->answer(InOrderOfReferences(std::move(listing->objects)));
  }
  const std::size_t end = std::min(listing->asked + kInfosAtOnce, listing->paths.size());
  const auto begin = listing->paths.begin() + static_cast<std::ptrdiff_t>(listing->asked);
  const std::vector<StorePath> some(begin,
                                    listing->paths.begin() + static_cast<std::ptrdiff_t>(end));
  listing->asked = end;
  const Result<StoreProcess*> process = Queries();
  if (!process) return listing->answer(Fail(process.error()));
  (*process)->serve().QueryInfos(
      some, [this, alive = alive_, listing](Result<std::vector<ObjectInfo>> infos) {
        if (!*alive) return;
        if (!infos) return listing->answer(Fail(infos.error()));
        listing->objects.insert(listing->objects.end(), std::make_move_iterator(infos->begin()),
                                std::make_move_iterator(infos->end()));
        AskInfos(listing);
      });
}

void StoreShelf::Valid(std::vector<StorePath> paths, Answer<std::vector<StorePath>> answer) {
  const Result<StoreProcess*> process = Queries();
  if (!process) return answer(Fail(process.error()));
  (*process)->serve().QueryValid(
      {.paths = std::move(paths), .keep = true, .substitute = !options_.extra_substituters.empty()},
      [alive = alive_, answer = std::move(answer)](Result<std::vector<StorePath>> valid) {
        if (*alive) answer(std::move(valid));
      });
}

void StoreShelf::Lacking(const std::vector<ObjectInfo>& objects,
                         Answer<std::vector<std::uint32_t>> answer) {
  std::vector<StorePath> paths;
  paths.reserve(objects.size());
  for (const ObjectInfo& object : objects) paths.emplace_back(object.name);
  Valid(paths, [paths, answer = std::move(answer)](Result<std::vector<StorePath>> valid) {
    if (!valid) return answer(Fail(valid.error()));
    const std::set<StorePath> here(valid->begin(), valid->end());
    std::vector<std::uint32_t> lacking;
    for (std::size_t i = 0; i < paths.size(); ++i) {
      if (!here.contains(paths[i])) lacking.push_back(static_cast<std::uint32_t>(i));
    }
    answer(std::move(lacking));
  });
}

Result<std::unique_ptr<ObjectSource>> StoreShelf::Open(const ObjectInfo& object) {
  ERIS_ASSIGN(std::unique_ptr<StoreProcess> process, Take());
  return std::make_unique<NarSource>(*this, object, std::move(process));
}

Result<std::unique_ptr<ObjectSink>> StoreShelf::Create(const ObjectInfo& object) {
  ERIS_ASSIGN(std::unique_ptr<StoreProcess> process, Take());
  return std::make_unique<NarSink>(std::make_shared<AddingProcess>(*this, std::move(process)),
                                   object);
}

std::vector<ObjectInfo> InOrderOfReferences(std::vector<ObjectInfo> objects) {
  std::map<std::string_view, std::size_t> index;
  for (std::size_t i = 0; i < objects.size(); ++i) index[objects[i].name] = i;
  std::vector<std::vector<std::size_t>> referrers(objects.size());
  std::vector<std::size_t> missing(objects.size(), 0);
  for (std::size_t i = 0; i < objects.size(); ++i) {
    for (const StorePath& reference : objects[i].references) {
      const auto found = index.find(reference.text);
      if (found == index.end() || found->second == i) continue;
      referrers[found->second].push_back(i);
      ++missing[i];
    }
  }
  std::vector<std::size_t> order;
  order.reserve(objects.size());
  for (std::size_t i = 0; i < objects.size(); ++i) {
    if (missing[i] == 0) order.push_back(i);
  }
  for (std::size_t next = 0; next < order.size(); ++next) {
    for (const std::size_t referrer : referrers[order[next]]) {
      if (--missing[referrer] == 0) order.push_back(referrer);
    }
  }
  std::vector<ObjectInfo> sorted;
  sorted.reserve(order.size());
  for (const std::size_t i : order) sorted.push_back(std::move(objects[i]));
  return sorted;
}

}  // namespace eris::bulk
