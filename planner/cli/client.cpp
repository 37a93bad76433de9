#include "planner/cli/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "schema/codec/codec.h"

namespace eris::cli {
namespace {

constexpr Duration kOneTurn{1'000};
constexpr Duration kBusyPause{1'000};

double Seconds(Duration duration) {
  constexpr double kPerSecond = 1000;
  return static_cast<double>(duration.count()) / kPerSecond;
}

std::string TroubleOf(link::LinkEvent event) {
  switch (event) {
    case link::LinkEvent::kUp:
      return "it accepts connections, but does not greet";
    case link::LinkEvent::kDown:
      return "the connection broke";
    case link::LinkEvent::kUnreachable:
      return "nobody listens there";
    case link::LinkEvent::kRefused:
      return "it refuses this key, or its own key is another";
  }
  return {};
}

ErrorCode CodeOf(Fault::Code code) {
  switch (code) {
    case Fault::Code::kBusy:
    case Fault::Code::kUnavailable:
      return ErrorCode::kUnavailable;
    case Fault::Code::kUnspecified:
    case Fault::Code::kUnimplemented:
    case Fault::Code::kUnauthorised:
    case Fault::Code::kInvalid:
    case Fault::Code::kFenced:
      return ErrorCode::kInvalid;
  }
  return ErrorCode::kInvalid;
}

Error ErrorOf(const Fault& fault) {
  Error error{CodeOf(fault.code), fault.message, {}};
  if (error.message.empty())
    error.message = "the broker refuses: " + std::string(ToString(fault.code));
  switch (fault.code) {
    case Fault::Code::kUnavailable:
      error.fix = "start eris-planner, or wait until it is back";
      break;
    case Fault::Code::kBusy:
      error.fix = "try again later";
      break;
    case Fault::Code::kUnauthorised:
      error.fix = "ask an administrator for `eris key authorize`";
      break;
    case Fault::Code::kUnimplemented:
      error.fix = "use a command line of the broker's version";
      break;
    case Fault::Code::kUnspecified:
    case Fault::Code::kInvalid:
    case Fault::Code::kFenced:
      break;
  }
  return error;
}

}  // namespace

Client::Client(link::Loop& loop, link::ClientTransport& transport, Log& log, ClientOptions options)
    : loop_(loop),
      options_(std::move(options)),
      client_(loop, transport, log,
              {.make_hello =
                   [this] {
                     return Hello{.role = Role::kClient,
                                  .name = "eris",
                                  .instance = options_.instance,
                                  .software = options_.software};
                   },
               .on_established = [this](const link::Established&) { OnEstablished(); },
               .on_lost = [](const link::Lost&) {},
               .on_ended = [this](const Bye& bye) { last_trouble_ = "it said: " + bye.message; },
               .on_message = [this](const Message& message) { OnMessage(message); },
               .on_link = [this](link::LinkEvent event) { last_trouble_ = TroubleOf(event); }}) {
  loop_.OnTurnEnd([this] { client_.Flush(); });
}

Client::~Client() { loop_.Cancel(busy_timer_); }

Client::Ran Client::RunUntil(const std::function<bool()>& done, Duration limit) {
  client_.Flush();
  loop_.Turn(Duration(0));  // the loop's clock may be old: evaluation blocks
  const SteadyTime deadline = loop_.now().steady + limit;
  while (!done()) {
    if (interrupted_) return Ran::kInterrupted;
    const Duration left = deadline - loop_.now().steady;
    if (left <= Duration(0)) return Ran::kTimedOut;
    loop_.Turn(std::min(left, kOneTurn));
  }
  return Ran::kDone;
}

Status Client::WaitForBroker(Duration patience) {
  switch (RunUntil([this] { return client_.established(); }, patience)) {
    case Ran::kDone:
      return {};
    case Ran::kInterrupted:
      return Fail(Interrupted());
    case Ran::kTimedOut:
      return Fail(Unreachable("no answer from the broker", patience));
  }
  return {};
}

Error Client::Interrupted() const { return {ErrorCode::kUnavailable, "interrupted", {}}; }

Error Client::Unreachable(std::string_view what, Duration patience) const {
  std::string message =
      fmt::format("{} at {} within {:.3g} s", what, options_.endpoint, Seconds(patience));
  if (!last_trouble_.empty() && !client_.established()) message += ": " + last_trouble_;
  return {ErrorCode::kUnavailable, std::move(message),
          "start it (`eris up`, or eris-broker), or check endpoint and keys in client.toml"};
}

std::uint64_t Client::Start(RequestVerb verb, const Request& request, OnReply on_reply) {
  const std::uint64_t number = next_request_++;
  Message message;
  message.header.kind = MessageKind::kRequest;
  message.header.request = number;
  message.header.verb = verb;
  message.body = Encode(request);
  client_.Send(message);  // without a session: at the welcome
  pending_.emplace(number, Pending{std::move(message), std::move(on_reply)});
  return number;
}

void Client::Amend(std::uint64_t number, const Request& request) {
  const auto found = pending_.find(number);
  if (found != pending_.end()) found->second.message.body = Encode(request);
}

void Client::OnStream(std::uint64_t stream, OnPiece on_piece) {
  if (on_piece) {
    streams_[stream] = std::move(on_piece);
  } else {
    streams_.erase(stream);
  }
}

void Client::SendStream(const std::string& queue, std::uint64_t stream, const StreamPiece& piece) {
  if (!client_.established()) return;
  client_.Send({.header = {.kind = MessageKind::kStream, .queue = queue, .request = stream},
                .body = Encode(piece)});
}

void Client::SendInquiry(const std::string& queue, std::uint64_t number, const QueryItem& query) {
  if (!client_.established()) return;
  client_.Send({.header = {.kind = MessageKind::kInquiry, .queue = queue, .request = number},
                .body = Encode(ItemBody(query))});
}

Result<std::vector<Reply>> Client::Ask(RequestVerb verb, const Request& request,
                                       Duration patience) {
  std::vector<Reply> replies;
  std::optional<Error> failed;
  bool is_over = false;
  const std::uint64_t number = Start(verb, request, [&](Result<Reply> reply) {
    if (!reply) {
      failed = reply.error();
    } else {
      replies.push_back(std::move(*reply));
    }
    is_over = failed || replies.back().more == More::kLast;
  });
  const Ran ran = RunUntil([&] { return is_over; }, patience);
  Forget(number);
  if (ran == Ran::kInterrupted) return Fail(Interrupted());
  if (ran == Ran::kTimedOut) return Fail(Unreachable("no answer from the planner", patience));
  if (failed) return Fail(std::move(*failed));
  return replies;
}

Result<SubmitReply> Client::Submit(const Submission& submission, Duration patience) {
  upload_.emplace(submission);
  asking_ = Asking::kSubmitting;
  submit_error_.reset();
  SendChunks();
  for (;;) {
    const std::uint64_t seen = moves_;
    const Ran ran =
        RunUntil([&] { return upload_->answer() || submit_error_ || moves_ != seen; }, patience);
    if (ran == Ran::kInterrupted) return Fail(Interrupted());
    if (submit_error_) return Fail(*submit_error_);
    if (upload_->answer()) break;
    if (ran == Ran::kTimedOut) {
      Error error = Unreachable("no answer to the submission", patience);
      error.fix = "repeat it with --idempotency-key " + submission.id.text +
                  ": it is done once, whether it was accepted or not";
      return Fail(std::move(error));
    }
  }
  asking_ = Asking::kNothing;
  const SubmitReply& answer = *upload_->answer();
  if (answer.what == SubmitReply::What::kRefused) {
    return Fail(ErrorCode::kInvalid, "the submission was refused: " + answer.message);
  }
  return answer;
}

Result<SubmitReply> Client::AskSubmission(const SubmissionId& id, Duration patience) {
  asked_ = id;
  inquiry_.reset();
  submit_error_.reset();
  asking_ = Asking::kInquiring;
  if (client_.established()) SendChunk({.id = asked_});
  const Ran ran = RunUntil([this] { return inquiry_ || submit_error_; }, patience);
  asking_ = Asking::kNothing;
  if (ran == Ran::kInterrupted) return Fail(Interrupted());
  if (submit_error_) return Fail(*submit_error_);
  if (!inquiry_) return Fail(Unreachable("no answer from the broker", patience));
  return *inquiry_;
}

void Client::OnEstablished() {
  last_trouble_.clear();
  for (const auto& [number, pending] : pending_) client_.Send(pending.message);
  if (asking_ == Asking::kSubmitting) {
    upload_->Restart();
    SendChunks();
  } else if (asking_ == Asking::kInquiring) {
    SendChunk({.id = asked_});
  }
}

void Client::SendChunks() {
  if (!client_.established()) return;
  while (const std::optional<SubmitChunk> chunk = upload_->Next()) SendChunk(*chunk);
}

void Client::SendChunk(const SubmitChunk& chunk) {
  Message message;
  message.header.kind = MessageKind::kSubmitChunk;
  message.header.request = next_request_++;
  message.body = Encode(chunk);
  client_.Send(message);
}

void Client::OnMessage(const Message& message) {
  switch (message.header.kind) {
    case MessageKind::kReply:
      Give(message.header.request, Decode<Reply>(message.body));
      return;
    case MessageKind::kStream:
      if (const auto found = streams_.find(message.header.request); found != streams_.end()) {
        const Result<StreamPiece> piece = Decode<StreamPiece>(message.body);
        if (piece) OnPiece(found->second)(*piece);  // a copy: it may be replaced by itself
      }
      return;
    case MessageKind::kInquiry:
      if (on_answer_) on_answer_(message.header.request, Decode<Outcome>(message.body));
      return;
    case MessageKind::kFault:
      if (const Result<Fault> fault = Decode<Fault>(message.body)) OnFault(message.header, *fault);
      return;
    case MessageKind::kSubmitReply:
      if (const Result<SubmitReply> reply = Decode<SubmitReply>(message.body))
        OnSubmitReply(*reply);
      return;
    default:
      return;  // nothing else is meant for clients
  }
}

void Client::OnFault(const Header& header, const Fault& fault) {
  if (fault.of == MessageKind::kRequest) {
    Give(header.request, Fail(ErrorOf(fault)));
  } else if (fault.of == MessageKind::kSubmitChunk) {
    submit_error_ = ErrorOf(fault);
  } else if (fault.of == MessageKind::kInquiry && on_answer_) {
    on_answer_(header.request, Fail(ErrorOf(fault)));
  }
}

void Client::OnSubmitReply(const SubmitReply& reply) {
  if (asking_ == Asking::kInquiring) {
    if (reply.id == asked_) inquiry_ = reply;
    return;
  }
  if (asking_ != Asking::kSubmitting) return;
  ++moves_;
  upload_->OnReply(reply);
  if (reply.what != SubmitReply::What::kBusy) {
    SendChunks();
    return;
  }
  loop_.Cancel(busy_timer_);
  busy_timer_ = loop_.After(std::max(kBusyPause, Duration(reply.retry_after_ms)), [this] {
    upload_->Restart();
    SendChunks();
  });
}

void Client::Give(std::uint64_t request, Result<Reply> reply) {
  const auto found = pending_.find(request);
  if (found == pending_.end()) return;
  if (reply) {
    if (const auto* error = std::get_if<ErrorReply>(&reply->body)) reply = Fail(error->error);
  }
  const bool is_last = !reply || reply->more == More::kLast;
  const OnReply on_reply = found->second.on_reply;
  if (is_last) pending_.erase(found);
  on_reply(std::move(reply));
}

}  // namespace eris::cli
