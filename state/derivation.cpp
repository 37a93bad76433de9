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
    std::string name = in.Text();
    in.Skip(",");
    std::string path = in.Text();
    if (!path.empty()) summary.outputs.emplace(std::move(name), std::move(path));
    in.Skip(",");
    in.Text();
    in.Skip(",");
    in.Text();
    in.Skip(")");
  });
  in.Skip(",");
  in.List([&] {
    in.Skip("(");
    std::vector<std::string>& outputs = summary.input_derivations[StorePath(in.Text())];
    in.Skip(",");
    in.List([&] { outputs.push_back(in.Text()); });
    in.Skip(")");
  });
  in.Skip(",");
  in.List([&] { summary.input_sources.emplace_back(in.Text()); });
  in.Skip(",");
  if (!in.ok()) return Fail(ErrorCode::kInvalid, "not the text of a derivation");
  return summary;
}

std::vector<StorePath> OutputsToStartFrom(std::span<const StorePath> wanted,
                                          const DerivationSummaries& derivations,
                                          const std::set<StorePath>& valid) {
  std::set<StorePath> start;
  std::set<StorePath> seen;
  std::vector<StorePath> to_build;
  // Whether the output is there; what has no known path has to be built.
  const auto is_there = [&](const DerivationSummary& derivation, const std::string& output) {
    const auto path = derivation.outputs.find(output);
    if (path == derivation.outputs.end() || !valid.contains(path->second)) return false;
    start.insert(path->second);
    return true;
  };
  const auto need = [&](const StorePath& path, const std::vector<std::string>& outputs) {
    const auto derivation = derivations.find(path);
    if (derivation == derivations.end()) return;
    bool all = true;
    for (const std::string& output : outputs) all = is_there(derivation->second, output) && all;
    if (!all && seen.insert(path).second) to_build.push_back(path);
  };
  for (const StorePath& path : wanted) {
    const auto derivation = derivations.find(path);
    if (derivation == derivations.end()) continue;
    std::vector<std::string> outputs;
    for (const auto& output : derivation->second.outputs) outputs.push_back(output.first);
    need(path, outputs);
  }
  while (!to_build.empty()) {
    const StorePath path = std::move(to_build.back());
    to_build.pop_back();
    for (const auto& [input, outputs] : derivations.at(path).input_derivations) {
      need(input, outputs);
    }
  }
  return {start.begin(), start.end()};
}

}  // namespace eris
