// Goal: questions and submissions end with an answer or with a clear reason, through lost sessions
// and without a planner. Method: the transport in memory, a clock that the broker played by the
// test moves, no waiting.
#include "planner/cli/client.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include "broker/link/memory_transport.h"
#include "broker/link/message_frame.h"
#include "schema/base/unique_fd.h"
#include "schema/codec/codec.h"

namespace eris::cli {
namespace {

// A second passes with every look: patience ends without waiting.
class HastyClock final : public Clock {
 public:
  Now Read() override {
    ms_ += 1'000;
    return {{ms_}, {ms_}};
  }

 private:
  std::int64_t ms_ = 1'000'000;
};

// Always has something to do: the loop never sleeps, and only the clock above decides how long
// things take.
class NeverIdle final : public link::LoopSource {
 public:
  int fd() const override { return fd_.get(); }
  bool Ready() override { return true; }
  void Work() override {}

 private:
  UniqueFd fd_{::eventfd(0, EFD_CLOEXEC)};
};

class ClientTest : public testing::Test {
 protected:
  void SetUp() override {
    network_.SetHandlers({.on_frame =
                              [this](link::PeerId peer, const link::PublicKey&, link::Bytes frame) {
                                peer_ = peer;
                                std::vector<Message> messages = link::ParseMessages(frame).value();
                                for (const Message& message : messages) OnMessage(message);
                              },
                          .on_gone = {}});
    ASSERT_TRUE(loop_->AddSource(idle_));
    // The network moves in every turn of the loop.
    loop_->OnTurnEnd([this] { network_.Deliver(); });
  }

  void OnMessage(const Message& message) {
    heard_.push_back(message.header);
    if (message.header.kind == MessageKind::kHello && greets_) {
      Say({.kind = MessageKind::kWelcome}, Encode(Welcome{.boot = 1, .session = SessionId{1}}));
    }
    if (message.header.kind == MessageKind::kRequest && on_request_) on_request_(message.header);
    if (message.header.kind == MessageKind::kSubmitChunk && on_chunk_) {
      on_chunk_(message.header, Decode<SubmitChunk>(message.body).value());
    }
  }
  void Say(Header header, std::string body) {
    link::BatchWriter writer;
    const Message message{std::move(header), std::move(body)};
    ASSERT_EQ(writer.Add(link::EncodedMessage(message).view()), link::AddResult::kAdded);
    static_cast<void>(network_.Send(peer_, writer.Take()));
  }
  void Answer(const Header& to, const Reply& reply) {
    Say({.kind = MessageKind::kReply, .request = to.request}, Encode(reply));
  }
  void Refuse(const Header& to, const Fault& fault) {
    Say({.kind = MessageKind::kFault, .request = to.request}, Encode(fault));
  }
  int Count(MessageKind kind) const {
    return static_cast<int>(std::count_if(heard_.begin(), heard_.end(),
                                          [kind](const Header& h) { return h.kind == kind; }));
  }

  HastyClock clock_;
  NeverIdle idle_;
  NullLog log_;
  std::unique_ptr<link::Loop> loop_ = link::Loop::Open(clock_).value();
  link::MemoryNetwork network_;
  std::unique_ptr<link::MemoryClient> transport_ = network_.Connect(link::PublicKey{});
  Client client_{*loop_, *transport_, log_, {.endpoint = "tcp://broker:1", .software = "test"}};
  link::PeerId peer_;
  bool greets_ = true;
  std::vector<Header> heard_;
  std::function<void(const Header&)> on_request_;
  std::function<void(const Header&, const SubmitChunk&)> on_chunk_;
};

constexpr Duration kPatience{20'000};

TEST_F(ClientTest, WaitsForTheBrokerOnlySoLong) { EXPECT_TRUE(client_.WaitForBroker(kPatience)); }

TEST_F(ClientTest, SaysHowLongItWaitedAndWhatItSaw) {
  greets_ = false;
  const Status status = client_.WaitForBroker(kPatience);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(status.error().message,
            "no answer from the broker at tcp://broker:1 within 20 s: it accepts connections, but "
            "does not greet");
  EXPECT_FALSE(status.error().fix.empty());
}

TEST_F(ClientTest, CollectsRepliesUpToTheLast) {
  on_request_ = [this](const Header& header) {
    Answer(header, {More::kMoreFollows, GenerationsReply{{{.generation = {1}}}}});
    Answer(header, {More::kLast, GenerationsReply{{{.generation = {2}}}}});
  };
  ASSERT_TRUE(client_.WaitForBroker(kPatience));
  const auto replies = client_.Ask(RequestVerb::kGenerations, {}, kPatience);
  ASSERT_TRUE(replies);
  EXPECT_EQ(replies->size(), 2u);
}

TEST_F(ClientTest, AnErrorOfThePlannerIsTheResult) {
  on_request_ = [this](const Header& header) {
    Answer(header, {More::kLast, ErrorReply{{ErrorCode::kNotFound, "no such thing", "look"}}});
  };
  ASSERT_TRUE(client_.WaitForBroker(kPatience));
  const auto replies = client_.Ask(RequestVerb::kStatus, {}, kPatience);
  ASSERT_FALSE(replies);
  EXPECT_EQ(replies.error(), (Error{ErrorCode::kNotFound, "no such thing", "look"}));
}

TEST_F(ClientTest, NoPlannerIsUnavailableAtOnce) {
  on_request_ = [this](const Header& header) {
    Refuse(header, {.code = Fault::Code::kUnavailable,
                    .of = MessageKind::kRequest,
                    .message = "no planner is connected"});
  };
  ASSERT_TRUE(client_.WaitForBroker(kPatience));
  const auto replies = client_.Ask(RequestVerb::kStatus, {}, Duration(1'000'000));
  ASSERT_FALSE(replies);
  EXPECT_EQ(replies.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(replies.error().message, "no planner is connected");
}

TEST_F(ClientTest, ASilentPlannerIsUnavailableAfterAWhile) {
  ASSERT_TRUE(client_.WaitForBroker(kPatience));
  const auto replies = client_.Ask(RequestVerb::kStatus, {}, kPatience);
  ASSERT_FALSE(replies);
  EXPECT_EQ(replies.error().code, ErrorCode::kUnavailable);
}

TEST_F(ClientTest, AsksAgainInANewSession) {
  ASSERT_TRUE(client_.WaitForBroker(kPatience));
  on_request_ = [this](const Header& header) {
    if (Count(MessageKind::kRequest) == 1) {  // the broker restarts before it answers
      Say({.kind = MessageKind::kWhoAreYou}, {});
    } else {
      Answer(header, {More::kLast, DoneReply{.message = "here"}});
    }
  };
  const auto replies = client_.Ask(RequestVerb::kStatus, {}, kPatience);
  ASSERT_TRUE(replies) << replies.error().message;
  EXPECT_EQ(Count(MessageKind::kHello), 2);
}

TEST_F(ClientTest, SubmitsUntilAccepted) {
  on_chunk_ = [this](const Header& header, const SubmitChunk& chunk) {
    Say({.kind = MessageKind::kSubmitReply, .request = header.request},
        Encode(SubmitReply{.what = SubmitReply::What::kAccepted, .id = chunk.id}));
  };
  ASSERT_TRUE(client_.WaitForBroker(kPatience));
  const Submission submission{
      .id = SubmissionId("s1"), .profile = ProfileName("p"), .action = Undeploy{}};
  const auto reply = client_.Submit(submission, kPatience);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->what, SubmitReply::What::kAccepted);
}

TEST_F(ClientTest, SubmitsAgainWhenTheBrokerWasBusy) {
  on_chunk_ = [this](const Header& header, const SubmitChunk& chunk) {
    const bool is_first = Count(MessageKind::kSubmitChunk) == 1;
    Say({.kind = MessageKind::kSubmitReply, .request = header.request},
        Encode(
            SubmitReply{.what = is_first ? SubmitReply::What::kBusy : SubmitReply::What::kAccepted,
                        .id = chunk.id,
                        .retry_after_ms = 1}));
  };
  ASSERT_TRUE(client_.WaitForBroker(kPatience));
  const auto reply = client_.Submit(
      {.id = SubmissionId("s1"), .profile = ProfileName("p"), .action = Undeploy{}}, kPatience);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(Count(MessageKind::kSubmitChunk), 2);
}

TEST_F(ClientTest, ARefusedSubmissionIsInvalid) {
  on_chunk_ = [this](const Header& header, const SubmitChunk& chunk) {
    Say({.kind = MessageKind::kSubmitReply, .request = header.request},
        Encode(SubmitReply{
            .what = SubmitReply::What::kRefused, .id = chunk.id, .message = "not allowed"}));
  };
  ASSERT_TRUE(client_.WaitForBroker(kPatience));
  const auto reply = client_.Submit(
      {.id = SubmissionId("s1"), .profile = ProfileName("p"), .action = Undeploy{}}, kPatience);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(reply.error().message, "the submission was refused: not allowed");
}

TEST_F(ClientTest, InterruptEndsEveryWait) {
  ASSERT_TRUE(client_.WaitForBroker(kPatience));
  client_.Interrupt();
  EXPECT_FALSE(client_.Ask(RequestVerb::kStatus, {}, Duration(1'000'000'000)));
  EXPECT_EQ(client_.RunUntil([] { return false; }, kPatience), Client::Ran::kInterrupted);
}

}  // namespace
}  // namespace eris::cli
