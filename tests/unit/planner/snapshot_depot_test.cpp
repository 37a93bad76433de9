// Goal: a snapshot reaches the planner's store and another target whole, as what it was, goes on
// where it broke off, and nobody has or brings another one than its item names. Method: stores in
// three directories, both ends of the depot between them, frames in memory, the `dysnomia` program.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "broker/bulk/snapshot_shelf.h"
#include "broker/link/memory_transport.h"
#include "planner/depot_keeper.h"
#include "planner/depot_server.h"
#include "schema/base/log.h"
#include "schema/base/process.h"
#include "state/snapshots/stream.h"
#include "tests/unit/models/nix_store.h"
#include "worker/state_runner.h"

namespace eris::planner {
namespace {

using snapshots::SnapshotStore;
using snapshots::StateKey;
using ::testing::HasSubstr;

// One end: the stores of the planner's depot, or a target.
struct Target {
  testing::TemporaryDirectory directory;
  SnapshotStore store{directory.path() / "state"};
};

class SnapshotDepot : public ::testing::Test {
 protected:
  static constexpr const char* kQueue = "target.first";
  static inline const StateKey kOld{"postgresql-database", "rooms-1"};
  static inline const StateKey kNew{"postgresql-database", "rooms-2"};

  SnapshotDepot() {
    depot_.Serve(ObjectKind::kSnapshot, shelf_);
    depot_.OnPresence({.queue = kQueue,
                       .state = Presence::State::kConnected,
                       .worker = "first",
                       .software = "",
                       .keys = {key_.ToText()}});
  }

  // A snapshot of two files, one of them large and not to be compressed much.
  static std::string Take(const SnapshotStore& store, std::size_t bytes, const char* id = "abc") {
    const auto staged = store.Stage(kOld);
    std::filesystem::create_directory(*staged / "folder");
    std::string noise(bytes, 'x');
    for (std::size_t i = 0; i < bytes; ++i) noise[i] = static_cast<char>((i * i + i / 7) >> 3);
    std::ofstream(*staged / "folder/large") << noise;
    std::ofstream(*staged / "small") << "rows\n";
    EXPECT_TRUE(store.Commit(kOld, *staged, id));
    return SnapshotStore::ReferenceOf(kOld, id);
  }

  static std::string TakeIncrement(const SnapshotStore& store, const std::string& base) {
    const auto staged = store.Stage(kOld);
    std::ofstream(*staged / "increment-of") << base;
    EXPECT_TRUE(store.Commit(kOld, *staged, "inc"));
    return SnapshotStore::ReferenceOf(kOld, "inc");
  }

  static PublishItem Item(TransferStateItem::Way way, const std::string& snapshot,
                          const StateKey& as) {
    return {.queue = kQueue,
            .item = {.id = {.step = {.journal = {1}, .transaction = {1}, .index = {0}},
                            .grade = {.attempt = 1}},
                     .body = TransferStateItem{.profile = ProfileName("default"),
                                               .way = way,
                                               .service_name = ServiceName("rooms"),
                                               .container = ContainerName(as.container),
                                               .component = ComponentName(as.component),
                                               .snapshot = snapshot}}};
  }

  Outcome Run(const Target& target, const PublishItem& publish) {
    return Run(target, publish, std::get<TransferStateItem>(publish.item.body));
  }
  // What becomes of the item at this target, which may do something else than it was handed.
  Outcome Run(const Target& target, const PublishItem& publish, const TransferStateItem& does) {
    StateRunner runner(
        {.dysnomia = DYSNOMIA_PROGRAM,
         .state_dir = target.directory.path() / "state",
         .depot_dir = {},
         .work_dir = target.directory.path()},
        *loop_, [this](const DepotAccess&) -> Result<std::unique_ptr<link::ClientTransport>> {
          auto connected = network_.Connect(key_);
          link_ = connected.get();
          return connected;
        });
    std::optional<Outcome> ended;
    runner.Transfer({publish.item.id, depot_.Allow(publish)}, does, Duration(60'000),
                    [&ended](Outcome outcome) { ended = std::move(outcome); });
    while (!ended) {
      loop_->Turn(Duration(5));
      frames_ += network_.Deliver();
      if (break_after_frames_ > 0 && frames_ >= break_after_frames_) {
        break_after_frames_ = 0;
        network_.Break(*link_);
        network_.Restore(*link_);
      }
    }
    return *ended;
  }
  Outcome Push(const Target& target, const std::string& snapshot) {
    return Run(target, Item(TransferStateItem::Way::kToDepot, snapshot, kOld));
  }
  Outcome Fetch(const Target& target, const std::string& snapshot) {
    return Run(target, Item(TransferStateItem::Way::kFromDepot, snapshot, kNew));
  }

  // All but the newest generations go, once `ended` has ended.
  Outcome Clean(const Target& target, TransactionId ended = {}) {
    StateRunner runner({.dysnomia = DYSNOMIA_PROGRAM,
                        .state_dir = target.directory.path() / "state",
                        .depot_dir = {},
                        .work_dir = target.directory.path()},
                       *loop_, {});
    EXPECT_TRUE(runner.DropNeeds([&](TransactionId one) { return one == ended; }));
    std::optional<Outcome> cleaned;
    runner.Clean({}, {.scope = CollectItem::Scope::kSnapshots, .keep = 1},
                 [&cleaned](Outcome outcome) { cleaned = std::move(outcome); });
    while (!cleaned) loop_->Turn(Duration(5));
    return *cleaned;
  }

  // What a connection left that broke at byte `bytes`.
  static std::filesystem::path LeavePart(const Target& from, const Target& at,
                                         std::uint64_t bytes) {
    const snapshots::SnapshotName name{kOld, "abc"};
    const auto stream = snapshots::DescribeStream(from.store, name);
    auto part = at.store.PathOf(kNew, ".part-" + stream->sha256);
    std::filesystem::create_directories(part.parent_path());
    const UniqueFd fd(::open(part.c_str(), O_WRONLY | O_CREAT, 0600));
    EXPECT_TRUE(snapshots::SendStream(from.store, name, fd.get()));
    std::filesystem::resize_file(part, bytes);
    return part;
  }

  static constexpr std::size_t kLarge = 20'000'000;

  SystemClock clock_;
  std::unique_ptr<link::Loop> loop_ = link::Loop::Open(clock_).value();
  link::MemoryNetwork network_{std::size_t{32} << 20};
  NullLog log_;
  testing::TemporaryDirectory planner_;
  bulk::SnapshotShelf shelf_{{.dysnomia = DYSNOMIA_PROGRAM,
                              .environment = CurrentEnvironment(),
                              .place = bulk::PlacesBelow(planner_.path() / "snapshots")},
                             *loop_};
  DepotServer depot_{{.endpoint = "tcp://depot:1",
                      .server_key = "key",
                      .secret = "secret",
                      .roots_dir = (planner_.path() / "roots").string(),
                      .environment = CurrentEnvironment()},
                     *loop_,
                     network_,
                     log_};
  link::PublicKey key_{.bytes = {1, 2, 3}};
  link::MemoryClient* link_ = nullptr;
  std::size_t frames_ = 0;
  std::size_t break_after_frames_ = 0;
  Target first_;
  Target second_;
};

TEST_F(SnapshotDepot, BringsASnapshotToThePlannerAndOnToAnotherTarget) {
  const std::string reference = Take(first_.store, kLarge);
  const Outcome pushed = Push(first_, reference);
  ASSERT_EQ(pushed.verdict, Verdict::kSucceeded) << pushed.message;
  EXPECT_EQ(std::get<SnapshotReport>(pushed.report).snapshot, reference);
  const SnapshotStore depot(planner_.path() / "snapshots/default");
  EXPECT_TRUE(depot.Verify(kOld, "abc"));

  const Outcome fetched = Fetch(second_, reference);
  ASSERT_EQ(fetched.verdict, Verdict::kSucceeded) << fetched.message;
  const auto& report = std::get<SnapshotReport>(fetched.report);
  EXPECT_EQ(report.snapshot, "postgresql-database/rooms-2/abc") << "as it is called there";
  EXPECT_EQ(report.bytes, kLarge + 5);
  EXPECT_TRUE(second_.store.Verify(kNew, "abc"));
  EXPECT_EQ(second_.store.StoredChecksum(kNew, "abc"), first_.store.StoredChecksum(kOld, "abc"));
  EXPECT_EQ(second_.store.Newest(kNew)->value().id, "abc");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(
                              second_.store.PathOf(kNew, "abc").parent_path()),
                          std::filesystem::directory_iterator()),
            1)
      << "nothing is left beside it";
}

TEST_F(SnapshotDepot, WhatIsThereIsNotSentAgain) {
  const std::string reference = Take(first_.store, kLarge);
  ASSERT_EQ(Push(first_, reference).verdict, Verdict::kSucceeded);
  const std::size_t once = frames_;
  ASSERT_EQ(Push(first_, reference).verdict, Verdict::kSucceeded);
  EXPECT_LT(frames_ - once, kLarge / limits::kBulkChunkBytes / 2);
}

TEST_F(SnapshotDepot, AnIncrementBringsItsBaseUnlessThatIsThere) {
  const std::string base = Take(first_.store, kLarge, "base-1");
  ASSERT_EQ(Push(first_, base).verdict, Verdict::kSucceeded);
  ASSERT_EQ(Fetch(second_, base).verdict, Verdict::kSucceeded);
  EXPECT_FALSE(second_.store.Newest(kNew)->has_value()) << "a base alone is no generation";
  const std::string increment = TakeIncrement(first_.store, "base-1");
  const std::size_t once = frames_;
  ASSERT_EQ(Push(first_, increment).verdict, Verdict::kSucceeded);
  const Outcome fetched = Fetch(second_, increment);
  ASSERT_EQ(fetched.verdict, Verdict::kSucceeded) << fetched.message;
  EXPECT_LT(frames_ - once, kLarge / limits::kBulkChunkBytes / 2) << "the base is there";
  EXPECT_EQ(std::get<SnapshotReport>(fetched.report).snapshot, "postgresql-database/rooms-2/inc");
  EXPECT_TRUE(second_.store.Verify(kNew, "inc"));
  const Target third;
  ASSERT_EQ(Fetch(third, "postgresql-database/rooms-1/").verdict, Verdict::kSucceeded);
  EXPECT_TRUE(third.store.Verify(kNew, "inc")) << "elsewhere both come";
  EXPECT_EQ(third.store.Newest(kNew)->value().id, "inc");
}

TEST_F(SnapshotDepot, TheNewestIsBroughtWhereNoneIsNamed) {
  ASSERT_EQ(Push(first_, Take(first_.store, 1000)).verdict, Verdict::kSucceeded);
  const Outcome fetched = Fetch(second_, "postgresql-database/rooms-1/");
  ASSERT_EQ(fetched.verdict, Verdict::kSucceeded) << fetched.message;
  EXPECT_TRUE(second_.store.Verify(kNew, "abc"));
}

TEST_F(SnapshotDepot, TheNewestIsSentWhereNoneIsNamed) {
  Take(first_.store, 1000);
  Take(first_.store, 2000, "def");
  for (int i = 0; i < 2; ++i) {
    const Outcome pushed = Push(first_, "postgresql-database/rooms-1/");
    ASSERT_EQ(pushed.verdict, Verdict::kSucceeded) << pushed.message;
    EXPECT_EQ(std::get<SnapshotReport>(pushed.report).snapshot, "postgresql-database/rooms-1/def");
  }
  const SnapshotStore depot(planner_.path() / "snapshots/default");
  EXPECT_TRUE(depot.Verify(kOld, "def"));
  EXPECT_FALSE(depot.Verify(kOld, "abc"));
}

TEST_F(SnapshotDepot, OlderGenerationsComeInTheirOrder) {
  const std::string all = "postgresql-database/rooms-1/*";
  const Outcome none = Push(first_, all);
  ASSERT_EQ(none.verdict, Verdict::kSucceeded) << none.message;
  EXPECT_EQ(std::get<SnapshotReport>(none.report).snapshot, "");
  ASSERT_EQ(Push(first_, Take(first_.store, 1000, "b")).verdict, Verdict::kSucceeded);
  Take(first_.store, 2000, "a");
  Take(first_.store, kLarge, "c");
  ASSERT_EQ(Push(first_, all).verdict, Verdict::kSucceeded);
  const SnapshotStore depot(planner_.path() / "snapshots/default");
  for (const char* id : {"a", "b", "c"}) EXPECT_TRUE(depot.Verify(kOld, id)) << id;

  const Outcome fetched = Fetch(second_, all);
  ASSERT_EQ(fetched.verdict, Verdict::kSucceeded) << fetched.message;
  EXPECT_EQ(std::get<SnapshotReport>(fetched.report).snapshot, "postgresql-database/rooms-2/c");
  const auto generations = second_.store.Generations(kNew).value();
  std::string order;
  for (const auto& generation : generations) order += generation.id;
  EXPECT_EQ(order, "bac");
  EXPECT_EQ(Fetch(second_, all).verdict, Verdict::kSucceeded) << "all of them are there";
  EXPECT_EQ(second_.store.Generations(kNew)->size(), 3U);
  EXPECT_EQ(second_.store.Newest(kNew)->value().id, "c");
}

TEST_F(SnapshotDepot, ATargetKeepsWhatAnOpenTransactionHasBrought) {
  ASSERT_EQ(Push(first_, Take(first_.store, 1000)).verdict, Verdict::kSucceeded);
  ASSERT_EQ(Fetch(second_, "postgresql-database/rooms-1/abc").verdict, Verdict::kSucceeded);
  for (const char* id : {"newer", "newest"}) {
    const auto staged = second_.store.Stage(kNew);
    std::ofstream(*staged / "small") << id;
    ASSERT_TRUE(second_.store.Commit(kNew, *staged, id));
  }
  EXPECT_EQ(Clean(second_).verdict, Verdict::kSucceeded);
  EXPECT_TRUE(second_.store.Verify(kNew, "abc")) << "transaction 1 needs it";
  EXPECT_FALSE(second_.store.Verify(kNew, "newer"));
  EXPECT_EQ(Clean(second_, TransactionId{2}).verdict, Verdict::kSucceeded);
  EXPECT_TRUE(second_.store.Verify(kNew, "abc")) << "the end of another one changes nothing";
  EXPECT_EQ(Clean(second_, TransactionId{1}).verdict, Verdict::kSucceeded);
  EXPECT_FALSE(second_.store.Verify(kNew, "abc"));
  EXPECT_TRUE(second_.store.Verify(kNew, "newest"));
}

TEST_F(SnapshotDepot, ThePlannerCleansItAndDropsBasesThatAreNobodys) {
  for (const char* id : {"abc", "def", "ghi"}) {
    ASSERT_EQ(Push(first_, Take(first_.store, 1000, id)).verdict, Verdict::kSucceeded);
  }
  ASSERT_EQ(Push(first_, Take(first_.store, 1000, "base-1")).verdict, Verdict::kSucceeded);
  const auto depot = planner_.path() / "snapshots";
  const SnapshotStore store(depot / "default");
  std::optional<Outcome> ended;
  DepotKeeper keeper({.dysnomia = DYSNOMIA_PROGRAM, .snapshots = depot}, *loop_,
                     [&ended](const ItemId&, Outcome outcome) { ended = std::move(outcome); });
  keeper.DropBases();
  while (store.StoredChecksum(kOld, "base-1")) loop_->Turn(Duration(5));
  const WorkItem item{.body = CollectItem{.scope = CollectItem::Scope::kSnapshots, .keep = 2}};
  keeper.Perform(item, ProfileName("default"));
  keeper.Perform(item, ProfileName("default"));
  while (!ended) loop_->Turn(Duration(5));
  EXPECT_EQ(ended->verdict, Verdict::kSucceeded) << ended->message;
  EXPECT_GT(std::get<CollectReport>(ended->report).freed_bytes, 900U);
  EXPECT_FALSE(store.Verify(kOld, "abc"));
  EXPECT_TRUE(store.Verify(kOld, "def") && store.Verify(kOld, "ghi"));
}

TEST_F(SnapshotDepot, GoesOnAfterALostConnection) {
  const std::string reference = Take(first_.store, kLarge);
  ASSERT_EQ(Push(first_, reference).verdict, Verdict::kSucceeded);
  frames_ = 0;
  break_after_frames_ = kLarge / limits::kBulkChunkBytes / 2;
  const Outcome fetched = Fetch(second_, reference);
  ASSERT_EQ(fetched.verdict, Verdict::kSucceeded) << fetched.message;
  EXPECT_EQ(break_after_frames_, 0U) << "it was broken";
  EXPECT_TRUE(second_.store.Verify(kNew, "abc"));
}

TEST_F(SnapshotDepot, GoesOnAtTheChunkWhereItBrokeOff) {
  const std::string reference = Take(first_.store, kLarge);
  ASSERT_EQ(Push(first_, reference).verdict, Verdict::kSucceeded);
  LeavePart(first_, second_, kLarge - 1'000'000);
  frames_ = 0;
  const Outcome fetched = Fetch(second_, reference);
  ASSERT_EQ(fetched.verdict, Verdict::kSucceeded) << fetched.message;
  EXPECT_LT(frames_, kLarge / limits::kBulkChunkBytes / 2) << "a twentieth was lacking";
  EXPECT_TRUE(second_.store.Verify(kNew, "abc"));
}

TEST_F(SnapshotDepot, WhatCameWrongIsRefusedAndNotKept) {
  const std::string reference = Take(first_.store, kLarge);
  ASSERT_EQ(Push(first_, reference).verdict, Verdict::kSucceeded);
  const auto part = LeavePart(first_, second_, kLarge / 2);
  {
    std::fstream file(part, std::ios::in | std::ios::out);
    file.seekp(5'000'000);
    file << "another byte or two";
  }
  const Outcome fetched = Fetch(second_, reference);
  EXPECT_EQ(fetched.verdict, Verdict::kFailed);
  EXPECT_THAT(fetched.message, HasSubstr("not what was announced"));
  EXPECT_FALSE(second_.store.Verify(kNew, "abc"));
  EXPECT_EQ(Fetch(second_, reference).verdict, Verdict::kSucceeded) << "from the start";
}

TEST_F(SnapshotDepot, ACorruptSnapshotTravelsNowhere) {
  const std::string reference = Take(first_.store, 1000);
  std::ofstream(first_.store.PathOf(kOld, "abc") / "small") << "other rows\n";
  const Outcome pushed = Push(first_, reference);
  EXPECT_EQ(pushed.verdict, Verdict::kFailed);
  EXPECT_THAT(pushed.message, HasSubstr("not what it was"));
}

TEST_F(SnapshotDepot, NobodyHasOrBringsAnotherOneThanItsItemNames) {
  const std::string reference = Take(first_.store, 1000);
  ASSERT_EQ(Push(first_, reference).verdict, Verdict::kSucceeded);
  using Way = TransferStateItem::Way;
  const PublishItem fetching = Item(Way::kFromDepot, reference, kNew);
  const PublishItem pushing = Item(Way::kToDepot, reference, kOld);
  auto does = std::get<TransferStateItem>(fetching.item.body);
  does.snapshot = "postgresql-database/others/abc";
  EXPECT_THAT(Run(second_, fetching, does).message, HasSubstr("does not name"));
  does = std::get<TransferStateItem>(fetching.item.body);
  EXPECT_THAT(Run(second_, pushing, does).message, HasSubstr("fetches no snapshot"));
  does = std::get<TransferStateItem>(pushing.item.body);
  EXPECT_THAT(Run(first_, fetching, does).message, HasSubstr("brings nothing"));
  does.profile = ProfileName("another");
  EXPECT_THAT(Run(first_, pushing, does).message, HasSubstr("is not the snapshot of this item"));
}

}  // namespace
}  // namespace eris::planner
