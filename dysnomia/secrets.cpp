#include "dysnomia/secrets.h"

#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <system_error>

#include "schema/base/files.h"
#include "schema/base/text.h"

namespace eris::dysnomia {
namespace {

bool IsSafePart(std::string_view part) {
  return !part.empty() && part.front() != '.' && part.size() <= 255 &&
         std::all_of(part.begin(), part.end(), [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' ||
                  c == '-';
         });
}

bool IsBelow(const std::filesystem::path& path, const std::filesystem::path& dir) {
  const auto [end, _] = std::mismatch(dir.begin(), dir.end(), path.begin(), path.end());
  return end == dir.end();
}

// A line shorter than this is too common to be hidden on its own ("}", "--").
constexpr std::size_t kMinLine = 6;

}  // namespace

bool IsSafeSecretName(std::string_view name) {
  const auto parts = Split(name, '/');
  return parts.size() <= 8 && std::all_of(parts.begin(), parts.end(), IsSafePart);
}

Result<std::string> ReadSecret(const std::filesystem::path& dir, std::string_view name) {
  const std::string what = "secret '" + std::string(name) + "'";
  if (!IsSafeSecretName(name)) return Fail(ErrorCode::kInvalid, what + " has an unsafe name");
  if (dir.empty()) {
    return Fail(ErrorCode::kInvalid, what + " cannot be read: there is no secrets directory",
                "name one in the worker's configuration");
  }
  std::error_code error;
  const auto root = std::filesystem::canonical(dir, error);
  const auto file = error ? std::filesystem::path() : std::filesystem::canonical(dir / name, error);
  if (error) {
    return Fail(ErrorCode::kNotFound, what + " is not in " + dir.string(),
                "put its value into the file " + (dir / name).string());
  }
  if (!IsBelow(file, root) || !std::filesystem::is_regular_file(file, error)) {
    return Fail(ErrorCode::kInvalid, what + " is no file below " + dir.string());
  }
  auto value = ReadFile(file.string(), kMaxSecretBytes);
  if (!value) return Fail(std::move(value).error().In(what));
  if (!value->empty() && value->back() == '\n') value->pop_back();
  if (value->find('\0') != std::string::npos) {
    return Fail(ErrorCode::kInvalid, what + " holds a zero byte, which no variable can");
  }
  return value;
}

void Masker::Add(std::string_view secret) {
  const auto remember = [this](std::string_view value) {
    if (!value.empty()) values_.emplace_back(value);
  };
  remember(secret);
  if (secret.find('\n') != std::string_view::npos) {
    for (const std::string_view line : Split(secret, '\n')) {
      if (line.size() >= kMinLine) remember(line);
    }
  }
  std::sort(values_.begin(), values_.end(),
            [](const auto& a, const auto& b) { return a.size() > b.size(); });
}

std::string Masker::Mask(std::string_view text) const {
  if (values_.empty()) return std::string(text);
  std::string masked;
  masked.reserve(text.size());
  while (!text.empty()) {
    const auto hit = std::find_if(values_.begin(), values_.end(), [&](const std::string& value) {
      return text.substr(0, value.size()) == value;
    });
    if (hit == values_.end()) {
      masked.push_back(text.front());
      text.remove_prefix(1);
    } else {
      masked.append(kMask);
      text.remove_prefix(hit->size());
    }
  }
  return masked;
}

}  // namespace eris::dysnomia
