#include "planner/reply_parts.h"

#include <cstddef>
#include <iterator>
#include <type_traits>
#include <utility>
#include <variant>

#include "schema/base/overloaded.h"
#include "schema/codec/codec.h"

namespace eris::planner {
namespace {

template <typename List>
List CutInHalf(List& list) {
  const auto middle = list.begin() + static_cast<std::ptrdiff_t>(list.size() / 2);
  List rest(std::make_move_iterator(middle), std::make_move_iterator(list.end()));
  list.erase(middle, list.end());
  return rest;
}

// Moves the second half of the list into a reply of its own; false where there is nothing to cut.
bool Cut(Reply& reply, Reply& rest) {
  const auto cut = [&rest](auto& body, auto member) {
    if ((body.*member).size() < 2) return false;
    std::decay_t<decltype(body)> other;
    other.*member = CutInHalf(body.*member);
    rest.body = std::move(other);
    return true;
  };
  const bool is_cut = std::visit(
      Overloaded{
          [&](StatusReply& body) { return cut(body, &StatusReply::transactions); },
          [&](EventsReply& body) { return cut(body, &EventsReply::events); },
          [&](GenerationsReply& body) { return cut(body, &GenerationsReply::generations); },
          [&](TargetsReply& body) { return cut(body, &TargetsReply::targets); },
          [&](LogsReply& body) { return cut(body, &LogsReply::entries); },
          [](auto&) { return false; },
      },
      reply.body);
  if (is_cut) rest.more = std::exchange(reply.more, More::kMoreFollows);
  return is_cut;
}

}  // namespace

std::vector<Reply> FittingParts(Reply reply) {
  std::vector<Reply> parts;
  std::vector<Reply> todo;  // in reverse order
  todo.push_back(std::move(reply));
  while (!todo.empty()) {
    Reply rest;
    const bool fits = Encode(todo.back()).size() <= limits::kBodyBytes;
    if (!fits && Cut(todo.back(), rest)) {
      todo.insert(std::prev(todo.end()), std::move(rest));
      continue;
    }
    parts.push_back(std::move(todo.back()));
    todo.pop_back();
  }
  return parts;
}

}  // namespace eris::planner
