#include "dysnomia/container_file.h"

#include <algorithm>
#include <cctype>

namespace eris::dysnomia {
namespace {

bool IsNameStart(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool IsNameChar(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
bool IsSpace(char c) { return IsBlank(c) || c == '\n'; }

// Walks over the text by the rules of shell words, and refuses what only a shell could answer.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool AtEnd() const { return at_ == text_.size(); }
  char Peek() const { return AtEnd() ? '\n' : text_[at_]; }
  void Skip() { ++at_; }

  // Blanks, line ends and comments. True when there was anything.
  bool SkipSpace() {
    const std::size_t before = at_;
    while (!AtEnd()) {
      if (Peek() == '#' && (at_ == 0 || IsSpace(text_[at_ - 1]) || text_[at_ - 1] == '(')) {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (IsSpace(Peek())) {
        Skip();
      } else {
        break;
      }
    }
    return at_ != before;
  }

  std::string_view Name() {
    const std::size_t begin = at_;
    if (!AtEnd() && IsNameStart(Peek())) {
      while (!AtEnd() && IsNameChar(Peek())) Skip();
    }
    return text_.substr(begin, at_ - begin);
  }

  // One word: plain characters and quoted parts side by side, up to a blank, a line end, ";" or
  // ")".
  Result<std::string> Word() {
    std::string word;
    while (!AtEnd() && !IsSpace(Peek()) && Peek() != ';' && Peek() != ')') {
      ERIS_TRY(Part(word));
    }
    return word;
  }

  tl::unexpected<Error> Refuse(std::string what, std::string fix = {}) const {
    const auto line = 1 + std::count(text_.begin(), text_.begin() + static_cast<long>(at_), '\n');
    return Fail(ErrorCode::kInvalid, "line " + std::to_string(line) + ": " + std::move(what),
                std::move(fix));
  }

 private:
  Status Part(std::string& word) {
    const char c = Peek();
    if (c == '\'') return SingleQuoted(word);
    if (c == '"') return DoubleQuoted(word);
    if (std::string_view("|&<>(").find(c) != std::string_view::npos) {
      return Refuse(std::string("'") + c + "' belongs to a shell, and none reads this", "quote it");
    }
    ERIS_TRY(CheckSubstitution());
    if (c == '\\') {
      Skip();
      if (AtEnd()) return Refuse("nothing follows the last backslash");
      if (Peek() == '\n') return Advance();
    }
    word.push_back(Peek());
    return Advance();
  }

  Status SingleQuoted(std::string& word) {
    const std::size_t end = text_.find('\'', at_ + 1);
    if (end == std::string_view::npos) return Refuse("a ' is not closed");
    word.append(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return {};
  }

  Status DoubleQuoted(std::string& word) {
    const Scanner opened = *this;
    for (Skip(); !AtEnd(); Skip()) {
      if (Peek() == '"') return Advance();
      ERIS_TRY(CheckSubstitution());
      if (Peek() == '\\' && at_ + 1 < text_.size() &&
          std::string_view("\"\\$`\n").find(text_[at_ + 1]) != std::string_view::npos) {
        Skip();
        if (Peek() == '\n') continue;
      }
      word.push_back(Peek());
    }
    return opened.Refuse("a \" is not closed");
  }

  // "$" stands for itself where no shell would substitute either ("costs 5$").
  Status CheckSubstitution() const {
    const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : ' ';
    const bool substitutes =
        Peek() == '`' ||
        (Peek() == '$' &&
         (IsNameChar(next) || std::string_view("({$?!#@*-").find(next) != std::string_view::npos));
    if (!substitutes) return {};
    return Refuse("a shell would substitute here, but this file is never given to one",
                  "write the value itself; a literal $ or ` is written \\$ or \\`");
  }

  Status Advance() {
    Skip();
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

Result<std::string> ParseArray(Scanner& in) {
  std::string joined;
  bool first = true;
  in.Skip();
  for (;;) {
    in.SkipSpace();
    if (in.AtEnd()) return in.Refuse("a ( is not closed");
    if (in.Peek() == ')') {
      in.Skip();
      return joined;
    }
    if (in.Peek() == ';') return in.Refuse("';' within an array", "quote it");
    ERIS_ASSIGN(const std::string word, in.Word());
    if (!first) joined.push_back(' ');
    joined.append(word);
    first = false;
  }
}

}  // namespace

Result<Assignments> ParseAssignments(std::string_view text) {
  Assignments assignments;
  Scanner in(text);
  for (;;) {
    while (in.SkipSpace() || (!in.AtEnd() && in.Peek() == ';')) {
      if (!in.AtEnd() && in.Peek() == ';') in.Skip();
    }
    if (in.AtEnd()) return assignments;
    const std::string name(in.Name());
    if (name == "export" && IsBlank(in.Peek())) continue;
    if (name.empty() || in.AtEnd() || in.Peek() != '=') {
      return in.Refuse("an assignment NAME=VALUE belongs here", "commands are not executed");
    }
    in.Skip();
    Result<std::string> value = !in.AtEnd() && in.Peek() == '(' ? ParseArray(in) : in.Word();
    if (!value) return Fail(std::move(value).error());
    if (!in.AtEnd() && in.Peek() == ')') return in.Refuse("a ) without its (", "quote it");
    assignments[name] = *std::move(value);
  }
}

Result<std::vector<std::string>> SplitWords(std::string_view text) {
  std::vector<std::string> words;
  Scanner in(text);
  for (in.SkipSpace(); !in.AtEnd(); in.SkipSpace()) {
    if (in.Peek() == ';' || in.Peek() == ')') {
      return in.Refuse(std::string("'") + in.Peek() + "' belongs to a shell", "quote it");
    }
    ERIS_ASSIGN(std::string word, in.Word());
    words.push_back(std::move(word));
  }
  return words;
}

}  // namespace eris::dysnomia
