// A client that submits: one submission after the other, each repeated under its id until it is
// accepted, as the command line does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "schema/values/request.h"
#include "schema/values/submission.h"
#include "tests/sim/broker_port.h"
#include "tests/sim/process.h"

namespace eris::sim {

// It never dies: what it was told is what the checkers hold the system to.
class Client {
 public:
  struct Order {
    Submission submission;
    Duration pause{0};  // after the one before was accepted
    bool is_urgent = false;
  };

  Client(Context& context, std::vector<Order> orders);

  void Start();
  bool done() const { return next_ == orders_.size(); }
  // Begins nothing new until Resume, but for what an operator wants first.
  void Hold() { held_ = true; }
  void Resume() { held_ = false; }
  // An order of an operator, before those that are there.
  void SubmitFirst(Submission submission);
  // An order of an operator, after those that are there.
  void Submit(Submission submission) { Append({.submission = std::move(submission)}); }
  // Asks for it once; what is answered is not looked at.
  void Ask(RequestVerb verb, const Request& request);
  const std::vector<SubmissionId>& accepted() const { return accepted_; }
  BrokerPort& port() { return port_; }

 private:
  void Append(Order order);
  void Prepare();
  void Tick();
  void SendChunk(std::uint64_t offset);
  void OnReply(const SubmitReply& reply);

  Context& context_;
  std::vector<Order> orders_;
  std::size_t next_ = 0;
  bool held_ = false;
  SteadyTime not_before_;
  std::uint64_t last_request_ = 0;
  std::string content_;  // of the next one
  std::string sha256_;
  std::vector<SubmissionId> accepted_;
  BrokerPort port_;
};

}  // namespace eris::sim
