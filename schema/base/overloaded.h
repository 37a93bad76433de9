// One visitor out of several lambdas: std::visit(Overloaded{[](const A&) …, [](const B&) …},
// variant).
#pragma once

namespace eris {

template <typename... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <typename... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

}  // namespace eris
