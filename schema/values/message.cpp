#include "schema/values/message.h"

#include <array>
#include <utility>

namespace eris {
namespace {

// Enumerations of the wire are dense, so their names are tables.
template <std::size_t count, typename Enum>
std::string_view Lookup(const std::array<std::string_view, count>& names, Enum value) {
  const auto index = static_cast<std::size_t>(value);
  return index < count ? names[index] : "unknown";
}

}  // namespace

std::string_view ToString(MessageKind kind) {
  static constexpr std::array<std::string_view, 24> kNames = {
      "unspecified",     "hello",   "whoAreYou", "welcome",    "bye",         "fault",
      "heartbeat",       "publish", "receipt",   "presence",   "deliver",     "revoke",
      "credit",          "outcome", "progress",  "outcomeAck", "submitChunk", "submitReply",
      "submissionTaken", "request", "reply",     "vitals",     "stream",      "inquiry"};
  return Lookup(kNames, kind);
}

std::string_view ToString(RequestVerb verb) {
  static constexpr std::array<std::string_view, 15> kNames = {
      "unspecified", "status",      "watch",       "unwatch", "logs",
      "history",     "generations", "getManifest", "targets", "cancel",
      "abandon",     "resume",      "getBase",     "lacking", "adopt"};
  return Lookup(kNames, verb);
}

std::string_view ToString(Role role) {
  static constexpr std::array<std::string_view, 4> kNames = {"unspecified", "planner", "worker",
                                                             "client"};
  return Lookup(kNames, role);
}

std::string_view ToString(ByeReason reason) {
  static constexpr std::array<std::string_view, 6> kNames = {
      "unspecified", "superseded", "unauthorised", "protocol", "shutdown", "lost"};
  return Lookup(kNames, reason);
}

std::string_view ToString(Fault::Code code) {
  static constexpr std::array<std::string_view, 7> kNames = {
      "unspecified", "unimplemented", "unauthorised", "invalid", "busy", "unavailable", "fenced"};
  return Lookup(kNames, code);
}

}  // namespace eris
