// Goal: what the broker has accepted survives its death at any moment, and what it has not accepted
// can be submitted again (design D6). Method: the real program is killed with SIGKILL at each
// labelled point of the turn that accepts a submission, and started again; a client and a planner
// over real sockets see what became of it.
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/link/broker_client.h"
#include "broker/link/context.h"
#include "broker/link/key_file.h"
#include "broker/link/loop.h"
#include "broker/link/zmq_transport.h"
#include "schema/base/digest.h"
#include "schema/base/files.h"
#include "schema/base/process.h"
#include "schema/base/text.h"
#include "schema/codec/codec.h"
#include "state/keyring.h"
#include "state/settings.h"

namespace eris {
namespace {

constexpr int kPatience = 2'000;  // turns of at most 10 ms

// One peer of the broker, on the loop it shares with the others.
class Peer {
 public:
  Peer(link::Loop& loop, link::Context& context, const link::ClientOptions& where,
       const link::CurveKeys& keys, Role role)
      : transport_(link::ZmqClient::Connect(loop, context, where, keys).value()),
        client_(loop, *transport_, log_,
                {.make_hello =
                     [role] {
                       return Hello{.role = role, .instance = 1, .journal = {9}, .epoch = {1}};
                     },
                 .on_established = [](const link::Established&) {},
                 .on_lost = [](const link::Lost&) {},
                 .on_ended = [](const Bye&) {},
                 .on_message = [this](const Message& message) { received.push_back(message); }}) {}

  void Send(const Message& message) {
    client_.Send(message);
    client_.Flush();
  }
  bool established() const { return client_.established(); }

  std::vector<Message> received;

 private:
  NullLog log_;
  std::unique_ptr<link::ClientTransport> transport_;
  link::BrokerClient client_;
};

class BrokerProcess : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "eris-broker-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    Allow(client_keys_, {.name = "alice",
                         .role = Role::kClient,
                         .level = KeyLevel::kDeploy,
                         .profiles = {"*"},
                         .targets = {"*"}});
    Allow(planner_keys_, {.name = "planner", .role = Role::kPlanner});
    ASSERT_TRUE(WriteFileAtomically(directory_ + "/broker.toml",
                                    SettingLine("state_dir", directory_ + "/broker"), 0600));
  }
  void TearDown() override {
    if (broker_) Stop(SIGKILL);
    EXPECT_TRUE(RemoveTree(directory_));
  }

  void Allow(const link::CurveKeys& keys, const KeyGrant& grant) {
    ASSERT_TRUE(Authorize(directory_ + "/broker/keys",
                          {.public_key = keys.public_key.ToText(), .grant = grant}));
  }

  // Until the broker says where it listens.
  void Start(const std::string& crash_at) {
    const std::string endpoint_file = directory_ + "/broker/endpoint";
    std::filesystem::remove(endpoint_file);
    std::vector<std::string> environment = CurrentEnvironment();
    environment.push_back("ERIS_CRASH_AT=" + crash_at);
    broker_ = std::make_unique<Child>(
        Spawn({.argv = {ERIS_BROKER, "--config", directory_ + "/broker.toml"},
               .environment = environment,
               .stderr_fd = STDERR_FILENO})
            .value());
    ASSERT_TRUE(Until([&] { return FileExists(endpoint_file); }));
    where_.endpoint = Trim(ReadFile(endpoint_file, 1024).value());
    where_.server_key = link::ReadKeyFile(directory_ + "/broker/broker.key")->public_key;
  }
  ExitStatus Stop(int signal) {
    EXPECT_TRUE(Kill(*broker_, signal));
    return WaitForEnd();
  }
  ExitStatus WaitForEnd() {
    std::optional<ExitStatus> end;
    EXPECT_TRUE(Until([&] {
      end = TryReap(*broker_).value();
      return end.has_value();
    }));
    if (end) broker_.reset();
    return end.value_or(ExitStatus{});
  }

  bool Until(const std::function<bool()>& reached) {
    for (int turn = 0; turn < kPatience; ++turn) {
      if (reached()) return true;
      loop_->Turn(Duration{10});
    }
    return false;
  }

  std::unique_ptr<Peer> Connect(const link::CurveKeys& keys, Role role) {
    auto peer = std::make_unique<Peer>(*loop_, *context_, where_, keys, role);
    EXPECT_TRUE(Until([&] { return peer->established(); }));
    return peer;
  }
  static Message Chunk() {
    const Submission submission{
        .id = SubmissionId("sub-1"), .profile = ProfileName("default"), .action = Undeploy{}};
    const std::string content = Encode(submission);
    return {.header = {.kind = MessageKind::kSubmitChunk},
            .body = Encode(SubmitChunk{.id = submission.id,
                                       .total_bytes = content.size(),
                                       .sha256 = Hex(Sha256(content)),
                                       .bytes = content})};
  }
  // The broker's answer; kRefused when there is none.
  SubmitReply::What Submit(Peer& client) {
    client.received.clear();
    client.Send(Chunk());
    if (!Until([&] { return !client.received.empty(); })) return SubmitReply::What::kRefused;
    return Decode<SubmitReply>(client.received.front().body)->what;
  }

  std::string directory_;
  SystemClock clock_;
  std::unique_ptr<link::Loop> loop_ = link::Loop::Open(clock_).value();
  std::unique_ptr<link::Context> context_ = link::Context::Open(link::IoThreads::kClient).value();
  link::CurveKeys client_keys_ = link::GenerateKeys().value();
  link::CurveKeys planner_keys_ = link::GenerateKeys().value();
  link::ClientOptions where_;
  std::unique_ptr<Child> broker_;
};

TEST_P(BrokerProcess, KeepsWhatItAcceptedWhereverItDies) {
  Start("broker:" + GetParam());
  {
    const auto client = Connect(client_keys_, Role::kClient);
    client->Send(Chunk());
    EXPECT_EQ(WaitForEnd(), (ExitStatus{ExitStatus::Kind::kSignaled, SIGKILL}));
    EXPECT_TRUE(client->received.empty()) << "it died before it answered";
  }

  Start("");
  const bool was_durable = !GetParam().starts_with("before-append");
  const auto client = Connect(client_keys_, Role::kClient);
  EXPECT_EQ(Submit(*client),
            was_durable ? SubmitReply::What::kKnown : SubmitReply::What::kAccepted);
  const auto planner = Connect(planner_keys_, Role::kPlanner);
  ASSERT_TRUE(Until([&] { return !planner->received.empty(); }));
  EXPECT_EQ(planner->received.front().header.author, "alice");
  EXPECT_EQ(planner->received.front().body, Chunk().body);
  EXPECT_TRUE(Stop(SIGTERM).success());
}

// after-send is reached for the two effects of the client's hello before.
INSTANTIATE_TEST_SUITE_P(EveryPoint, BrokerProcess,
                         testing::Values("before-append:1", "after-append:1", "after-send:3"),
                         [](const auto& point) {
                           std::string name = point.param;
                           std::erase_if(name, [](char c) { return c == '-' || c == ':'; });
                           return name;
                         });

}  // namespace
}  // namespace eris
