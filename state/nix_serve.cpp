#include "state/nix_serve.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "schema/base/digest.h"
#include "state/store_path.h"

namespace eris {
namespace {

constexpr std::uint64_t kHello = 0x390c9deb;
constexpr std::uint64_t kHelloBack = 0x5452eecb;
constexpr std::uint64_t kVersion = 0x207;
constexpr std::size_t kProtocolWord = 8;
constexpr std::uint64_t kMaxText = std::uint64_t{1} << 20;
constexpr std::uint64_t kMaxTexts = 1'000'000;

enum Command : std::uint64_t {
  kQueryValidPaths = 1,
  kQueryPathInfos = 2,
  kDumpStorePath = 3,
  kQueryClosure = 7,
  kAddToStoreNar = 9,
};

class Writer {
 public:
  Writer& Number(std::uint64_t value) {
    for (std::size_t i = 0; i < kProtocolWord; ++i)
      text_.push_back(static_cast<char>(value >> (8 * i)));
    return *this;
  }
  Writer& Text(std::string_view text) {
    Number(text.size());
    text_.append(text);
    text_.append((kProtocolWord - text.size() % kProtocolWord) % kProtocolWord, '\0');
    return *this;
  }
  Writer& Paths(const std::vector<StorePath>& paths) {
    Number(paths.size());
    for (const StorePath& path : paths) Text(path.text);
    return *this;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// Reads an answer that may not be complete yet: then `short_of` is true and nothing counts.
class ReplyReader {
 public:
  explicit ReplyReader(std::string_view bytes) : rest_(bytes) {}

  std::uint64_t Number() {
    const std::string_view word = Take(kProtocolWord);
    std::uint64_t value = 0;
    for (std::size_t i = word.size(); i-- > 0;) {
      value = value << 8 | static_cast<std::uint64_t>(static_cast<unsigned char>(word[i]));
    }
    return value;
  }
  std::string Text() {
    const std::uint64_t size = Number();
    if (size > kMaxText) {
      wrong_ = true;
      return {};
    }
    std::string text(Take(size));
    Take((kProtocolWord - size % kProtocolWord) % kProtocolWord);
    return text;
  }
  std::vector<StorePath> Paths() {
    std::vector<StorePath> paths;
    const std::uint64_t count = Number();
    if (count > kMaxTexts) wrong_ = true;
    for (std::uint64_t i = 0; i < count && !short_of_ && !wrong_; ++i) paths.emplace_back(Text());
    return paths;
  }
  bool short_of() const { return short_of_; }
  bool wrong() const { return wrong_; }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view Take(std::uint64_t size) {
    if (size > rest_.size()) {
      short_of_ = true;
      rest_ = {};
      return {};
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view rest_;
  bool short_of_ = false;
  bool wrong_ = false;
};

Error Nonsense() {
  return {ErrorCode::kInternal, "nix-store --serve said something that its protocol does not know",
          "Check that the Nix commands in PATH are those of Nix 2.8 or later"};
}

}  // namespace

// One answer to come. Consume() takes what it can from the front of `bytes`; true when complete.
class NixServe::Expected {
 public:
  virtual ~Expected() = default;
  virtual Result<bool> Consume(std::string_view& bytes) = 0;
  virtual void Complete() = 0;
  virtual void Abandon(const Error& why) = 0;
};

namespace {

// An answer that is parsed once all of it is there.
template <typename Value>
class Parsed final : public NixServe::Expected {
 public:
  using Parse = std::function<Value(ReplyReader&)>;
  Parsed(Parse parse, NixServe::Answer<Value> answer)
      : parse_(std::move(parse)), answer_(std::move(answer)) {}

  Result<bool> Consume(std::string_view& bytes) override {
    ReplyReader reader(bytes);
    Value value = parse_(reader);
    if (reader.wrong()) return Fail(Nonsense());
    if (reader.short_of()) return false;
    bytes = reader.rest();
    value_ = std::move(value);
    return true;
  }
  void Complete() override { answer_(std::move(value_)); }
  void Abandon(const Error& why) override { answer_(Fail(why)); }

 private:
  Parse parse_;
  NixServe::Answer<Value> answer_;
  Value value_{};
};

class Stream final : public NixServe::Expected {
 public:
  Stream(std::uint64_t bytes, std::function<void(std::string_view)> on_bytes,
         std::function<void(Status)> on_end)
      : left_(bytes), on_bytes_(std::move(on_bytes)), on_end_(std::move(on_end)) {}

  Result<bool> Consume(std::string_view& bytes) override {
    const std::size_t take = std::min<std::uint64_t>(left_, bytes.size());
    const std::string_view part = bytes.substr(0, take);
    bytes.remove_prefix(take);
    left_ -= take;
    if (!part.empty()) on_bytes_(part);
    return left_ == 0;
  }
  void Complete() override { on_end_({}); }
  void Abandon(const Error& why) override { on_end_(Fail(why)); }

 private:
  std::uint64_t left_;
  std::function<void(std::string_view)> on_bytes_;
  std::function<void(Status)> on_end_;
};

std::vector<ObjectInfo> ReadInfos(ReplyReader& in) {
  std::vector<ObjectInfo> infos;
  while (!in.short_of() && !in.wrong()) {
    ObjectInfo info;
    info.name = in.Text();
    if (info.name.empty()) break;
    info.deriver = StorePath(in.Text());
    info.references = in.Paths();
    in.Number();
    info.bytes = in.Number();
    // A hash that is none makes an object that nobody takes.
    info.sha256 = ParseSha256(in.Text()).value_or(std::string());
    info.content_address = in.Text();
    in.Paths();  // signatures
    infos.push_back(std::move(info));
  }
  return infos;
}

}  // namespace

std::vector<std::string> ServeCommand(const std::vector<std::string>& extra_substituters) {
  std::vector<std::string> command = {"nix-store", "--serve", "--write"};
  if (extra_substituters.empty()) return command;
  std::string list;
  for (const std::string& one : extra_substituters) list += (list.empty() ? "" : " ") + one;
  command.insert(command.end(), {"--option", "extra-substituters", list});
  return command;
}

NixServe::NixServe(Write write) : write_(std::move(write)) {
  Writer greeting;
  greeting.Number(kHello).Number(kVersion);
  write_(greeting.text());
  Expect(std::make_unique<Parsed<bool>>(
      [](ReplyReader& in) {
        const std::uint64_t magic = in.Number();
        const std::uint64_t version = in.Number();
        return magic == kHelloBack && version >> 8 == kVersion >> 8 &&
               (version & 0xff) >= (kVersion & 0xff);
      },
      [this](Result<bool> fits) {
        if (fits && !*fits) OnEnd(Nonsense());
      }));
}

NixServe::~NixServe() = default;

void NixServe::Expect(std::unique_ptr<Expected> answer) {
  if (failure_) return answer->Abandon(*failure_);
  expected_.push_back(std::move(answer));
}

void NixServe::OnOutput(std::string_view bytes) {
  // Without an incomplete answer before them the bytes need not be copied: NARs pass by.
  std::string joined;
  if (!buffer_.empty()) {
    joined = std::exchange(buffer_, {});
    joined.append(bytes);
    bytes = joined;
  }
  while (!bytes.empty() && !failure_) {
    if (expected_.empty()) return OnEnd(Nonsense());
    const Result<bool> complete = expected_.front()->Consume(bytes);
    if (!complete) return OnEnd(complete.error());
    if (!*complete) break;
    const std::unique_ptr<Expected> done = std::move(expected_.front());
    expected_.pop_front();
    done->Complete();
  }
  if (!failure_) buffer_.append(bytes);
}

void NixServe::OnEnd(const Error& why) {
  if (failure_) return;
  failure_ = why;
  buffer_.clear();
  const auto abandoned = std::exchange(expected_, {});
  for (const auto& answer : abandoned) answer->Abandon(why);
}

void NixServe::QueryValid(const ValidPathsQuestion& question,
                          Answer<std::vector<StorePath>> answer) {
  Writer out;
  out.Number(kQueryValidPaths).Number(question.keep ? 1 : 0).Number(question.substitute ? 1 : 0);
  write_(out.Paths(question.paths).text());
  Expect(std::make_unique<Parsed<std::vector<StorePath>>>(
      [](ReplyReader& in) { return in.Paths(); }, std::move(answer)));
}

void NixServe::QueryClosure(const std::vector<StorePath>& paths,
                            Answer<std::vector<StorePath>> answer) {
  Writer out;
  write_(out.Number(kQueryClosure).Number(0).Paths(paths).text());
  Expect(std::make_unique<Parsed<std::vector<StorePath>>>(
      [](ReplyReader& in) { return in.Paths(); }, std::move(answer)));
}

void NixServe::QueryInfos(const std::vector<StorePath>& paths,
                          Answer<std::vector<ObjectInfo>> answer) {
  Writer out;
  write_(out.Number(kQueryPathInfos).Paths(paths).text());
  Expect(std::make_unique<Parsed<std::vector<ObjectInfo>>>(ReadInfos, std::move(answer)));
}

void NixServe::Dump(const ObjectInfo& object, std::function<void(std::string_view)> on_bytes,
                    std::function<void(Status)> on_end) {
  Writer out;
  write_(out.Number(kDumpStorePath).Text(object.name).text());
  Expect(std::make_unique<Stream>(object.bytes, std::move(on_bytes), std::move(on_end)));
}

void NixServe::BeginAdd(const ObjectInfo& object) {
  constexpr std::uint64_t kNow = 0;  // registration time: Nix' own choice
  Writer out;
  out.Number(kAddToStoreNar).Text(object.name).Text(object.deriver.text).Text(Hex(object.sha256));
  out.Paths(object.references).Number(kNow).Number(object.bytes).Number(0).Number(0);
  write_(out.Text(object.content_address).text());
}

void NixServe::EndAdd(std::function<void(Status)> on_end) {
  Expect(std::make_unique<Parsed<std::uint64_t>>(
      [](ReplyReader& in) { return in.Number(); },
      [on_end = std::move(on_end)](Result<std::uint64_t> done) {
        on_end(done ? Status() : Status(Fail(done.error())));
      }));
}

}  // namespace eris
