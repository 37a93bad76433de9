#include "planner/cli/session.h"

#include <csignal>
#include <utility>

namespace eris::cli {

Result<std::unique_ptr<Session>> Session::Open(const BrokerAddress& address, Clock& clock,
                                               Random& random, std::function<void()> on_interrupt) {
  constexpr Duration kReconnectMin{100};  // somebody sits in front of it
  constexpr Duration kReconnectMax{2'000};
  std::unique_ptr<Session> session(new Session());
  ERIS_ASSIGN(session->loop_, link::Loop::Open(clock));
  ERIS_TRY(session->loop_->OnSignals(
      {SIGINT, SIGTERM}, [raw = session.get(), on_interrupt = std::move(on_interrupt)](int) {
        on_interrupt();
        raw->client_->Interrupt();
      }));
  ERIS_ASSIGN(session->context_, link::Context::Open(link::IoThreads::kClient));
  ERIS_ASSIGN(session->transport_, link::ZmqClient::Connect(*session->loop_, *session->context_,
                                                            {.endpoint = address.endpoint,
                                                             .server_key = address.server_key,
                                                             .reconnect_min = kReconnectMin,
                                                             .reconnect_max = kReconnectMax},
                                                            address.keys));
  session->client_ = std::make_unique<Client>(
      *session->loop_, *session->transport_, session->log_,
      ClientOptions{
          .endpoint = address.endpoint, .software = ERIS_VERSION, .instance = random.NextU64()});
  return session;
}

}  // namespace eris::cli
