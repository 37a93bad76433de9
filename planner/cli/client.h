// One conversation of the command line with broker and planner, as calls that end: each runs the
// loop until its answer is there, its patience is over or the person interrupts.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/link/broker_client.h"
#include "broker/link/loop.h"
#include "planner/cli/upload.h"
#include "schema/base/log.h"
#include "schema/values/request.h"
#include "schema/values/submission.h"

namespace eris::cli {

struct ClientOptions {
  std::string endpoint;  // for messages only
  std::string software;
  std::uint64_t instance = 0;  // random
};

// Owned by main for one command. Requests that are under way survive a reconnection: they are asked
// again.
class Client {
 public:
  using OnReply = std::function<void(Result<Reply>)>;
  enum class Ran : std::uint8_t { kDone, kTimedOut, kInterrupted };

  // Both outlive the client.
  Client(link::Loop& loop, link::ClientTransport& transport, Log& log, ClientOptions options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // kUnavailable: no session within `patience`; says what was seen of the broker.
  Status WaitForBroker(Duration patience);
  // kUnavailable: broker or planner is away, or did not answer within `patience`.
  Result<std::vector<Reply>> Ask(RequestVerb verb, const Request& request, Duration patience);
  // The final answer of the broker: accepted or known. kInvalid: refused.
  // kTimeout: nothing moved for `patience`; it may have been accepted, and sending it again is
  // harmless.
  Result<SubmitReply> Submit(const Submission& submission, Duration patience);
  // What the broker knows of a submission, whoever has made it: kKnown or kRefused once it was
  // accepted, otherwise kMore.
  Result<SubmitReply> AskSubmission(const SubmissionId& id, Duration patience);

  // Streams: `on_reply` hears every reply until the last one, an error or Forget.
  std::uint64_t Start(RequestVerb verb, const Request& request, OnReply on_reply);
  // What is asked instead at the next welcome: where a stream goes on after a loss.
  void Amend(std::uint64_t number, const Request& request);
  void Forget(std::uint64_t request) { pending_.erase(request); }

  // Pieces of streams with a worker (StreamPiece). `on_piece` hears those of its stream until it is
  // replaced, by null for nobody. What is sent without a session is lost: streams repeat
  // themselves.
  using OnPiece = std::function<void(const StreamPiece&)>;
  void OnStream(std::uint64_t stream, OnPiece on_piece);
  void SendStream(const std::string& queue, std::uint64_t stream, const StreamPiece& piece);

  // Inquiries: what the worker of a target answers to a query, or why nobody does. `on_answer`
  // hears all of them, with their numbers, until it is replaced. What is sent without a session, or
  // not answered, is to be sent again, with the same number.
  using OnAnswer = std::function<void(std::uint64_t number, Result<Outcome>)>;
  void OnInquiries(OnAnswer on_answer) { on_answer_ = std::move(on_answer); }
  void SendInquiry(const std::string& queue, std::uint64_t number, const QueryItem& query);

  Ran RunUntil(const std::function<bool()>& done, Duration limit);
  // From a signal: RunUntil returns, now and ever after.
  void Interrupt() { interrupted_ = true; }
  bool interrupted() const { return interrupted_; }
  bool established() const { return client_.established(); }
  link::Loop& loop() { return loop_; }

 private:
  struct Pending {
    Message message;
    OnReply on_reply;
  };

  void OnEstablished();
  void OnMessage(const Message& message);
  void OnFault(const Header& header, const Fault& fault);
  void OnSubmitReply(const SubmitReply& reply);
  void Give(std::uint64_t request, Result<Reply> reply);
  void SendChunks();
  void SendChunk(const SubmitChunk& chunk);
  Error Interrupted() const;
  Error Unreachable(std::string_view what, Duration patience) const;

  link::Loop& loop_;
  ClientOptions options_;
  std::map<std::uint64_t, Pending> pending_;
  std::map<std::uint64_t, OnPiece> streams_;
  OnAnswer on_answer_;
  std::uint64_t next_request_ = 1;
  std::optional<Upload> upload_;
  SubmissionId asked_;
  std::optional<SubmitReply> inquiry_;
  enum class Asking : std::uint8_t { kNothing, kSubmitting, kInquiring } asking_ = Asking::kNothing;
  std::uint64_t moves_ = 0;  // grows with every sign of life in a submission
  std::optional<Error> submit_error_;
  link::TimerId busy_timer_;
  std::string last_trouble_;
  bool interrupted_ = false;
  link::BrokerClient client_;  // last: its handlers use the others
};

}  // namespace eris::cli
