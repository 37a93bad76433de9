// Goal: what clients upload is in the planner's store, rooted, before what needs it is looked at;
// nothing forged, built or incomplete is taken, and nothing else is held up for long. Method: real
// Nix stores below two directories that call their paths alike.
#include "planner/uploads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "broker/bulk/chunk.h"
#include "schema/base/command.h"
#include "schema/base/files.h"
#include "schema/base/text.h"
#include "state/package_store.h"
#include "tests/unit/models/nix_store.h"

namespace eris::planner {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::NixStore;
using testing::StoreNames;

std::vector<std::string> SurroundingsOf(const NixStore& store) {
  std::vector<std::string> environment = CurrentEnvironment();
  std::erase_if(environment, [](const std::string& one) { return one.starts_with("NIX_"); });
  for (const std::string& one : store.options().environment) environment.push_back(one);
  return environment;
}

class UploadsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(InitialiseStore(SurroundingsOf(client_store_)));
    ASSERT_TRUE(InitialiseStore(SurroundingsOf(planner_store_)));
  }
  std::string Run(const NixStore& store, const std::vector<std::string>& argv) {
    const auto done = RunCommand(argv, {.environment = SurroundingsOf(store)});
    EXPECT_TRUE(done && done->status.success()) << (done ? done->stderr_tail : "");
    return done ? std::string(Trim(done->stdout_text)) : std::string();
  }
  bool IsThere(const std::string& path) {
    return Run(planner_store_, {"nix-store", "--check-validity", "--print-invalid", path}).empty();
  }
  // A derivation of the client's that needs a text and a tree of a size.
  std::string Instantiate(std::size_t bytes) {
    testing::TemporaryDirectory directory;
    std::string noise(bytes, 'x');
    for (std::size_t i = 0; i < bytes; ++i) noise[i] = static_cast<char>((i * i + i / 7) >> 3);
    directory.Write("tree/big", noise);
    return Run(client_store_,
               {"nix-instantiate", "--expr",
                "derivation { name = \"d\"; system = \"s\"; builder = \"/bin/sh\"; text = "
                "builtins.toFile \"t\" \"alpha\"; tree = \"${" +
                    (directory.path() / "tree").string() + "}\"; }"});
  }
  // The closure, packed as clients do.
  std::vector<PackedObject> Pack(const std::string& path) {
    bulk::StoreShelf shelf({.environment = SurroundingsOf(client_store_)}, *loop_);
    std::optional<Result<std::vector<ObjectInfo>>> listed;
    shelf.List({path}, [&listed](auto objects) { listed = std::move(objects); });
    while (!listed) loop_->Turn(Duration(5));
    std::vector<PackedObject> packed;
    for (const ObjectInfo& info : listed->value()) {
      std::vector<bulk::SharedChunk> chunks;
      bulk::ChunkMaker maker(0);
      std::optional<Status> ended;
      const auto source = shelf.Open(info).value();
      source->Start({.on_bytes = [&](std::string_view bytes) { maker.Add(bytes, chunks); },
                     .on_end = [&ended](const Status& status) { ended = status; }});
      while (!ended) loop_->Turn(Duration(5));
      chunks.push_back(maker.Finish());
      packed.push_back({.info = info, .pieces = {}});
      for (const auto& chunk : chunks) {
        packed.back().pieces.push_back(
            {chunk->header.raw_bytes, chunk->header.encoding, chunk->bytes});
      }
    }
    return packed;
  }
  static Submission UploadOf(const std::string& id, std::vector<PackedObject> objects) {
    return {.id = SubmissionId(id), .action = UploadObjects{std::move(objects)}};
  }
  void RunUntil(std::size_t events) {
    while (events_.size() < events) loop_->Turn(Duration(5));
  }
  std::string Upload(std::vector<PackedObject> objects) {
    events_.clear();
    uploads_.Add(UploadOf("u", std::move(objects)));
    RunUntil(1);
    return events_.front();
  }

  SystemClock clock_;
  std::unique_ptr<link::Loop> loop_ = link::Loop::Open(clock_).value();
  NixStore client_store_{StoreNames::kLogical};
  NixStore planner_store_{StoreNames::kLogical};
  NullLog log_;
  testing::TemporaryDirectory roots_;
  std::vector<std::string> events_;
  Uploads uploads_{
      {.roots_dir = roots_.path().string(), .environment = SurroundingsOf(planner_store_)},
      *loop_,
      log_,
      {.on_submission =
           [this](const Submission& submission) { events_.push_back(submission.id.text); },
       .on_taken =
           [this](const SubmissionTaken& taken) {
             events_.push_back(taken.id.text + " " +
                               (taken.refused.empty() ? "taken" : taken.refused));
           }}};
};

TEST_F(UploadsTest, AreInTheStoreAndRootedBeforeWhatComesAfterThem) {
  const std::string derivation = Instantiate(3'000'000);
  uploads_.Add(UploadOf("u1", Pack(derivation)));
  uploads_.Add({.id = SubmissionId("deploy"), .action = Undeploy{}});
  EXPECT_TRUE(events_.empty()) << "it was not held back";
  RunUntil(2);
  EXPECT_THAT(events_, ElementsAre("u1 taken", "deploy"));
  EXPECT_TRUE(IsThere(derivation));
  EXPECT_EQ(Run(planner_store_, {"nix-store", "--query", "--requisites", derivation}),
            Run(client_store_, {"nix-store", "--query", "--requisites", derivation}));
  uploads_.KeepUp();  // young roots stay
  Run(planner_store_, {"nix-store", "--gc"});
  EXPECT_TRUE(IsThere(derivation)) << "nothing protects it";
}

TEST_F(UploadsTest, SayWhatIsLacking) {
  const std::string derivation = Instantiate(1000);
  const std::vector<PackedObject> objects = Pack(derivation);
  const std::string there = objects.front().info.name;
  ASSERT_EQ(Upload({objects.front()}), "u taken");
  std::optional<Result<std::vector<StorePath>>> lacking;
  uploads_.Lacking({StorePath(there), StorePath(derivation)},
                   [&lacking](auto answer) { lacking = std::move(answer); });
  while (!lacking) loop_->Turn(Duration(5));
  EXPECT_THAT(lacking->value(), ElementsAre(StorePath(derivation)));
}

TEST_F(UploadsTest, AreRefusedWhenForgedTruncatedOrIncomplete) {
  const std::vector<PackedObject> objects = Pack(Instantiate(300'000));
  ASSERT_EQ(objects.size(), 3U);
  const auto tree = std::find_if(objects.begin(), objects.end(), [](const PackedObject& one) {
    return one.info.name.ends_with("-tree");
  });
  ASSERT_NE(tree, objects.end());

  PackedObject forged = *tree;
  forged.pieces.back().bytes.back() = static_cast<char>(forged.pieces.back().bytes.back() ^ 1);
  EXPECT_THAT(Upload({forged}), HasSubstr("u upload:"));
  PackedObject cut = *tree;
  cut.pieces.pop_back();
  EXPECT_THAT(Upload({cut}), HasSubstr("not as long as it says"));
  PackedObject renamed = *tree;
  renamed.info.name = objects.back().info.name;
  EXPECT_THAT(Upload({renamed}), HasSubstr("u upload:"));
  PackedObject built = *tree;
  built.info.content_address.clear();
  EXPECT_THAT(Upload({built}), HasSubstr("u upload:"));
  PackedObject outside = *tree;
  outside.info.name = "/nix/store/../../etc/passwd";
  EXPECT_THAT(Upload({outside}), HasSubstr("u upload:"));
  PackedObject pointing = objects.back();
  pointing.info.references.emplace_back("../../etc/passwd");
  EXPECT_THAT(Upload({pointing}), HasSubstr("u upload:"));
  PackedObject bomb = *tree;
  bomb.pieces.assign(5'000, {.raw_bytes = limits::kBulkChunkBytes, .bytes = ""});
  bomb.info.bytes = 5'000 * limits::kBulkChunkBytes;
  EXPECT_THAT(Upload({bomb}), HasSubstr("more than a gigabyte"));
  EXPECT_THAT(Upload({objects.back()}), HasSubstr("which is not here")) << "a derivation alone";
  for (const PackedObject& object : objects) EXPECT_FALSE(IsThere(object.info.name));
  EXPECT_EQ(Upload(objects), "u taken") << "and now as it should be";
}

TEST_F(UploadsTest, AreSentAgainAfterTheBrokerBeganAnew) {
  const std::string derivation = Instantiate(1000);
  uploads_.Add(UploadOf("u1", Pack(derivation)));
  uploads_.Add({.id = SubmissionId("deploy"), .action = Undeploy{}});
  uploads_.Clear();
  uploads_.Add(UploadOf("u1", Pack(derivation)));
  uploads_.Add({.id = SubmissionId("deploy"), .action = Undeploy{}});
  RunUntil(3);
  EXPECT_THAT(events_, ElementsAre("u1 taken", "u1 taken", "deploy"));
}

}  // namespace
}  // namespace eris::planner
