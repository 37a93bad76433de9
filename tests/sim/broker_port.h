// A simulated process' connection to the broker: the twin of link::BrokerClient, with the same
// session core and the same rules about what is dropped, over the simulated network.
#pragma once

#include <cstdint>
#include <functional>

#include "broker/link/session.h"
#include "schema/values/message.h"
#include "tests/sim/network.h"
#include "tests/sim/timeline.h"

namespace eris::sim {

// Owned by its process, for the whole run; a session lives from Up to Down.
class BrokerPort final : public ClientEnd {
 public:
  struct Handlers {
    std::function<Hello()> make_hello;
    std::function<void(const link::Established&)> on_established;
    std::function<void()> on_lost;
    std::function<void(const Bye&)> on_ended;  // another instance serves in this one's place
    std::function<void(const Message&)> on_message;
    std::function<void()> on_turn_end;  // after each of the others
  };

  BrokerPort(Timeline& timeline, Network& network, std::string key);
  void SetHandlers(Handlers handlers) { handlers_ = std::move(handlers); }

  void Up();
  void Down();
  // Dropped without a session.
  void Send(const Message& message);
  bool established() const { return session_.established(); }
  Network::ClientNumber number() const { return number_; }

  // ClientEnd
  void OnLink(link::LinkEvent event) override;
  void OnMessage(Message message) override;

 private:
  void Perform();
  void Perform(const link::SessionEffect& effect);
  void SetTimer();

  Timeline& timeline_;
  Network& network_;
  Network::ClientNumber number_;
  Handlers handlers_;
  link::ClientSession session_;
  std::uint64_t life_ = 0;
  std::uint64_t timer_ = 0;
};

}  // namespace eris::sim
