// Goal: a worker gets exactly what its item names, whole and unforged, from a depot with a store of
// its own, and nothing without the right key and ticket. Method: real Nix stores below two
// directories that call their paths alike, both ends of the depot between them, frames in memory.
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "broker/bulk/store_shelf.h"
#include "broker/link/memory_transport.h"
#include "planner/depot_server.h"
#include "schema/base/command.h"
#include "schema/base/log.h"
#include "schema/base/text.h"
#include "state/package_store.h"
#include "tests/unit/models/nix_store.h"
#include "worker/depot_client.h"

namespace eris::planner {
namespace {

using testing::NixStore;
using testing::StoreNames;

std::vector<std::string> EnvironmentOf(const NixStore& store) {
  std::vector<std::string> environment = CurrentEnvironment();
  std::erase_if(environment, [](const std::string& one) { return one.starts_with("NIX_"); });
  for (const std::string& one : store.options().environment) environment.push_back(one);
  return environment;
}

std::set<std::string> ChildrenOfThis() {
  const std::string self = std::to_string(::getpid());
  std::ifstream children("/proc/self/task/" + self + "/children");
  return {std::istream_iterator<std::string>(children), std::istream_iterator<std::string>()};
}

class DepotTest : public ::testing::Test {
 protected:
  static constexpr const char* kQueue = "target.first";

  void SetUp() override {
    // As the daemons do: several processes meet each store.
    ASSERT_TRUE(InitialiseStore(EnvironmentOf(planner_store_)));
    ASSERT_TRUE(InitialiseStore(EnvironmentOf(worker_store_)));
  }
  std::string Run(const NixStore& store, const std::vector<std::string>& argv) {
    const auto done = RunCommand(argv, {.environment = EnvironmentOf(store)});
    EXPECT_TRUE(done && done->status.success()) << (done ? done->stderr_tail : "");
    return done ? std::string(Trim(done->stdout_text)) : std::string();
  }
  bool IsValid(const NixStore& store, const std::string& path) {
    return Run(store, {"nix-store", "--check-validity", "--print-invalid", path}).empty();
  }
  // A text that refers to another one.
  std::string AddTexts() {
    const std::string quoted =
        Run(planner_store_,
            {"nix-instantiate", "--eval", "--read-write-mode", "--expr",
             "let a = builtins.toFile \"a\" \"alpha\"; in builtins.toFile \"b\" \"see ${a}\""});
    return quoted.substr(1, quoted.size() - 2);
  }
  std::string AddTree(std::size_t bytes) {
    testing::TemporaryDirectory directory;
    std::string noise(bytes, 'x');
    for (std::size_t i = 0; i < bytes; ++i) noise[i] = static_cast<char>((i * i + i / 7) >> 3);
    directory.Write("tree/big", noise);
    directory.Write("tree/empty", "");
    return Run(planner_store_, {"nix-store", "--add", (directory.path() / "tree").string()});
  }

  PublishItem ItemNaming(const std::vector<std::string>& paths) {
    TransferItem transfer{.profile = ProfileName("default"), .paths = {}};
    for (const std::string& path : paths) transfer.paths.emplace_back(path);
    return {.queue = kQueue,
            .item = {.id = {.step = {.journal = {1}, .transaction = {1}, .index = {0}},
                            .grade = {.attempt = 1}},
                     .body = transfer}};
  }
  void Serve(const link::PublicKey& key) {
    depot_.OnPresence({.queue = kQueue,
                       .state = Presence::State::kConnected,
                       .worker = "first",
                       .software = "",
                       .keys = {key.ToText()}});
  }

  // What becomes of fetching `names` for the item.
  Status Fetch(const PublishItem& item, const DepotAccess& access,
               const std::vector<std::string>& names) {
    bulk::StoreShelf shelf({.environment = EnvironmentOf(worker_store_)}, *loop_);
    DepotClient client(
        [this](const DepotAccess&) -> Result<std::unique_ptr<link::ClientTransport>> {
          auto connected = network_.Connect(key_);
          link_ = connected.get();
          return connected;
        },
        *loop_, {.patience = patience_, .retry = Duration(50)});
    std::optional<Status> ended;
    client.Start({.item = item.item.id,
                  .access = access,
                  .direction = BulkOpen::Direction::kFetch,
                  .kind = ObjectKind::kStorePath,
                  .names = names,
                  .shelf = &shelf},
                 [&ended](const Status& status) { ended = status; });
    int turns = 0;
    while (!ended) {
      loop_->Turn(Duration(5));
      network_.Deliver();
      // Not before there is one: how many turns that takes depends on the machine.
      if (++turns >= break_at_ && break_at_ > 0 && link_ != nullptr) {
        break_at_ = 0;
        network_.Break(*link_);
        network_.Restore(*link_);
      }
    }
    link_ = nullptr;
    return *ended;
  }

  SystemClock clock_;
  std::unique_ptr<link::Loop> loop_ = link::Loop::Open(clock_).value();
  NixStore planner_store_{StoreNames::kLogical};
  NixStore worker_store_{StoreNames::kLogical};
  link::MemoryNetwork network_{std::size_t{32} << 20};
  NullLog log_;
  testing::TemporaryDirectory roots_;
  DepotServer depot_{{.endpoint = "tcp://depot:1",
                      .server_key = "key",
                      .secret = "secret",
                      .roots_dir = roots_.path().string(),
                      .environment = EnvironmentOf(planner_store_)},
                     *loop_,
                     network_,
                     log_};
  link::PublicKey key_{.bytes = {1, 2, 3}};
  link::MemoryClient* link_ = nullptr;
  int break_at_ = 0;
  Duration patience_{60'000};  // of real processes, on a busy machine
};

TEST_F(DepotTest, BringsTheClosureOfWhatIsNamed) {
  const std::string text = AddTexts();
  const std::string tree = AddTree(5'000'000);
  Serve(key_);
  const PublishItem item = ItemNaming({text, tree});
  const Status fetched = Fetch(item, depot_.Allow(item), {text, tree});
  ASSERT_TRUE(fetched) << fetched.error().message;
  EXPECT_TRUE(IsValid(worker_store_, text));
  EXPECT_TRUE(IsValid(worker_store_, tree));
  Run(worker_store_, {"nix-store", "--verify-path", text, tree});
  EXPECT_EQ(Run(worker_store_, {"nix-store", "--query", "--requisites", text}),
            Run(planner_store_, {"nix-store", "--query", "--requisites", text}));
}

TEST_F(DepotTest, GoesOnAfterALostConnection) {
  const std::string text = AddTexts();
  const std::string tree = AddTree(20'000'000);
  Serve(key_);
  const PublishItem item = ItemNaming({text, tree});
  break_at_ = 12;
  const Status fetched = Fetch(item, depot_.Allow(item), {text, tree});
  ASSERT_TRUE(fetched) << fetched.error().message;
  Run(worker_store_, {"nix-store", "--verify-path", text, tree});
}

TEST_F(DepotTest, RefusesWhatTheItemDoesNotName) {
  const std::string text = AddTexts();
  const std::string tree = AddTree(1000);
  Serve(key_);
  const PublishItem item = ItemNaming({text});
  const Status fetched = Fetch(item, depot_.Allow(item), {tree});
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().code, ErrorCode::kInvalid) << fetched.error().message;
  EXPECT_FALSE(IsValid(worker_store_, tree));
}

TEST_F(DepotTest, RefusesAnotherTicket) {
  const std::string text = AddTexts();
  Serve(key_);
  const PublishItem item = ItemNaming({text});
  DepotAccess access = depot_.Allow(item);
  access.ticket[5] = static_cast<char>(access.ticket[5] + 1);
  const Status fetched = Fetch(item, access, {text});
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().code, ErrorCode::kInvalid) << fetched.error().message;
}

TEST_F(DepotTest, ServesNobodyWhoServesNothing) {
  patience_ = Duration(1'000);
  const std::string text = AddTexts();
  Serve({.bytes = {9, 9}});
  const PublishItem item = ItemNaming({text});
  const Status fetched = Fetch(item, depot_.Allow(item), {text});
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().code, ErrorCode::kUnavailable) << fetched.error().message;
  EXPECT_FALSE(IsValid(worker_store_, text));
}

TEST_F(DepotTest, SaysThatAPathIsNotThere) {
  const std::string text = AddTexts();
  const std::string gone = text.substr(0, text.size() - 1) + "c";
  Serve(key_);
  const PublishItem item = ItemNaming({gone});
  const Status fetched = Fetch(item, depot_.Allow(item), {gone});
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().code, ErrorCode::kNotFound) << fetched.error().message;
}

TEST_F(DepotTest, AReadThatBeginsAtTheEndOfAnotherStartsNoProcess) {
  const std::string path = AddTexts();
  bulk::StoreShelf shelf({.environment = EnvironmentOf(planner_store_)}, *loop_);
  std::optional<Result<std::vector<ObjectInfo>>> listed;
  shelf.List({path}, [&listed](auto objects) { listed = std::move(objects); });
  while (!listed) loop_->Turn(Duration(5));
  const ObjectInfo object = listed->value().back();

  constexpr std::size_t kReads = 10;
  std::vector<std::unique_ptr<bulk::ObjectSource>> sources;
  std::size_t ended = 0;
  const std::function<void()> read = [&] {
    sources.push_back(shelf.Open(object).value());
    sources.back()->Start({.on_bytes = [](std::string_view) {},
                           .on_end =
                               [&](const Status& status) {
                                 EXPECT_TRUE(status);
                                 if (++ended < kReads) read();
                               }});
  };
  const std::set<std::string> before = ChildrenOfThis();
  read();
  const std::set<std::string> during = ChildrenOfThis();
  EXPECT_EQ(during.size(), before.size() + 1);
  while (ended < kReads) loop_->Turn(Duration(5));
  EXPECT_EQ(ChildrenOfThis(), during);
}

// What a hostile builder may send in place of a path's bytes.
TEST_F(DepotTest, RegistersNothingTruncatedOrForged) {
  const std::string path = AddTree(300'000);
  bulk::StoreShelf source({.environment = EnvironmentOf(planner_store_)}, *loop_);
  std::optional<Result<std::vector<ObjectInfo>>> listed;
  source.List({path}, [&listed](auto objects) { listed = std::move(objects); });
  while (!listed) loop_->Turn(Duration(5));
  const ObjectInfo object = listed->value().back();
  std::string bytes;
  std::optional<Status> read;
  const auto reading = source.Open(object).value();
  reading->Start({.on_bytes = [&bytes](std::string_view part) { bytes += part; },
                  .on_end = [&read](const Status& status) { read = status; }});
  while (!read) loop_->Turn(Duration(5));
  ASSERT_EQ(bytes.size(), object.bytes);

  bulk::StoreShelf shelf({.environment = EnvironmentOf(worker_store_)}, *loop_);
  const auto add = [&](const ObjectInfo& as, const std::string& content) {
    const auto sink = shelf.Create(as).value();
    Status taken = sink->Write(content);
    if (!taken) return taken;
    std::optional<Status> ended;
    sink->Finish([&ended](const Status& status) { ended = status; });
    while (!ended) loop_->Turn(Duration(5));
    return *ended;
  };
  std::string forged = bytes;
  forged[bytes.size() / 2] = static_cast<char>(forged[bytes.size() / 2] ^ 1);
  ObjectInfo renamed = object;
  renamed.sha256 = std::string(object.sha256.rbegin(), object.sha256.rend());
  EXPECT_FALSE(add(object, forged));
  EXPECT_FALSE(add(object, bytes.substr(0, bytes.size() - 16)));
  EXPECT_FALSE(add(object, bytes.substr(0, bytes.size() / 3)));
  EXPECT_FALSE(add(object, bytes + std::string(8, '\0')));
  EXPECT_FALSE(add(object, ""));
  EXPECT_FALSE(add(renamed, bytes));
  EXPECT_FALSE(IsValid(worker_store_, path));
  const Status whole = add(object, bytes);
  EXPECT_TRUE(whole) << whole.error().message;
  EXPECT_TRUE(IsValid(worker_store_, path));
}

TEST(DepotRules, BuildersBringOutputsAndWhatIsNamedByItsContentOnly) {
  const ObjectInfo output{.name = "/nix/store/0c8cwzd1y4sfnpvwkkbvldp9kvdsgv8q-api"};
  EXPECT_TRUE(JudgeOffer({output}, {StorePath(output.name)}));
  for (const char* name : {"/nix/store/1c8cwzd1y4sfnpvwkkbvldp9kvdsgv8q-api", "/etc/passwd",
                           "/nix/store/../../etc/passwd", ""}) {
    EXPECT_FALSE(JudgeOffer({output, {.name = name}}, {StorePath(output.name)})) << name;
  }
  const ObjectInfo forged{.name = output.name,
                          .bytes = 120,
                          .sha256 = std::string(32, 'h'),
                          .content_address = "text:sha256:" + std::string(52, '0')};
  EXPECT_FALSE(JudgeOffer({forged}, {}));
}

}  // namespace
}  // namespace eris::planner
