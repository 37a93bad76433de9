#include "state/derivation.h"

#include <utility>

namespace eris {
namespace {

// A cursor over the text; what is not where it must be makes it fail for good.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool ok() const { return ok_; }
  bool At(char c) const { return ok_ && !rest_.empty() && rest_.front() == c; }
  void Skip(std::string_view expected) {
    ok_ = ok_ && rest_.starts_with(expected);
    if (ok_) rest_.remove_prefix(expected.size());
  }
  std::string Text() {
    Skip("\"");
    std::string text;
    while (ok_ && !rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\') rest_.remove_prefix(1);
      if (rest_.empty()) break;
      text.push_back(rest_.front());
      rest_.remove_prefix(1);
    }
    Skip("\"");
    return text;
  }
  // "[" element "," element … "]"
  template <typename Element>
  void List(Element&& element) {
    Skip("[");
    while (ok_ && !At(']')) {
      element();
      if (!At(']')) Skip(",");
    }
    Skip("]");
  }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace

Result<DerivationSummary> ParseDerivation(std::string_view text) {
  DerivationSummary summary;
  Reader in(text);
  in.Skip("Derive(");
  in.List([&] {
    in.Skip("(");
    in.Text();
    in.Skip(",");
    std::string path = in.Text();
    if (!path.empty()) summary.outputs.emplace_back(std::move(path));
    in.Skip(",");
    in.Text();
    in.Skip(",");
    in.Text();
    in.Skip(")");
  });
  in.Skip(",");
  in.List([&] {
    in.Skip("(");
    summary.input_derivations.emplace_back(in.Text());
    in.Skip(",");
    in.List([&] { in.Text(); });
    in.Skip(")");
  });
  in.Skip(",");
  in.List([&] { summary.input_sources.emplace_back(in.Text()); });
  in.Skip(",");
  if (!in.ok()) return Fail(ErrorCode::kInvalid, "not the text of a derivation");
  return summary;
}

}  // namespace eris
