#include "broker/link/transport.h"

namespace eris::link {

std::string_view ToString(LinkEvent event) {
  switch (event) {
    case LinkEvent::kUp:
      return "connected";
    case LinkEvent::kDown:
      return "connection lost";
    case LinkEvent::kUnreachable:
      return "unreachable";
    case LinkEvent::kRefused:
      return "keys refused";
  }
  return "unknown";
}

}  // namespace eris::link
