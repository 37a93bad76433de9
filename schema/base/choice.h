// A variant whose special members are compiled once, in the source of its type, instead of in every
// source that copies one: most of what those sources cost the compiler was this. Everything of
// std::variant works as ever (std::visit, std::get_if, assignment of an alternative).
//
//   class Fruit : public std::variant<Apple, Pear> {    // fruit.h
//     ERIS_CHOICE(Fruit)
//   };
//   ERIS_CHOICE_DEFINITIONS(Fruit)                      // fruit.cpp
#pragma once

#include <type_traits>
#include <utility>
#include <variant>

// NOLINTBEGIN(bugprone-macro-parentheses): a name that is declared has none around it
#define ERIS_CHOICE(Name)                                                            \
 public:                                                                             \
  using variant::variant;                                                            \
  Name();                                                                            \
  Name(const Name&);                                                                 \
  Name(Name&&) noexcept;                                                             \
  Name& operator=(const Name&);                                                      \
  Name& operator=(Name&&) noexcept;                                                  \
  template <class Alternative>                                                       \
  requires(!std::is_same_v<std::remove_cvref_t<Alternative>, Name>) Name& operator=( \
      Alternative&& value) {                                                         \
    variant::operator=(std::forward<Alternative>(value));                            \
    return *this;                                                                    \
  }                                                                                  \
  ~Name();                                                                           \
  bool operator==(const Name& other) const;

#define ERIS_CHOICE_DEFINITIONS(Name)                                                \
  Name::Name() = default;                                                            \
  Name::Name(const Name&) = default;                                                 \
  Name::Name(Name&&) noexcept = default;                                             \
  Name& Name::operator=(const Name&) = default;                                      \
  Name& Name::operator=(Name&&) noexcept = default;                                  \
  Name::~Name() = default;                                                           \
  bool Name::operator==(const Name& other) const {                                   \
    return static_cast<const variant&>(*this) == static_cast<const variant&>(other); \
  }
// NOLINTEND(bugprone-macro-parentheses)
