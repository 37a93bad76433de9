#include "planner/cli/uploading.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "broker/bulk/chunk.h"
#include "broker/bulk/store_shelf.h"
#include "planner/cli/submitting.h"

namespace eris::cli {
namespace {

using bulk::SharedChunk;
using ObjectInfos = std::vector<ObjectInfo>;

constexpr std::size_t kUploadBytes = std::size_t{8} << 20;              // of one submission, about
constexpr std::size_t kMostObjectBytes = limits::kSubmissionBytes / 2;  // of one object
constexpr Duration kStoreAnswerPatience = std::chrono::minutes(10);     // of one answer of Nix
constexpr Duration kUploadPatience = std::chrono::minutes(10);
constexpr Duration kUploadPause{100};

// What has to be there so that `next` can be built.
std::vector<std::string> BuildableNamesIn(const Manifest& manifest) {
  std::set<std::string> names;
  for (const auto& [key, service] : manifest.services) {
    names.insert(service.derivation.empty() ? service.package.text : service.derivation.text);
  }
  for (const auto& [target, profile] : manifest.profiles) names.insert(profile.derivation.text);
  names.erase("");
  return {names.begin(), names.end()};
}

std::vector<std::string> NamesToUpload(const UploadWish& wish) {
  std::vector<std::string> names = BuildableNamesIn(wish.next);
  if (wish.base == nullptr) return names;
  const std::vector<std::string> there = BuildableNamesIn(*wish.base);
  std::erase_if(names, [&there](const std::string& name) {
    return std::binary_search(there.begin(), there.end(), name);
  });
  return names;
}

// Of one command.
class Uploader {
 public:
  Uploader(Client& client, const UploadWish& wish, Context& context)
      : client_(client),
        wish_(wish),
        context_(context),
        shelf_({.environment = NixEnvironmentOf(context.settings, context.surroundings)},
               client.loop()) {}

  Status Run() {
    const std::vector<std::string> names = NamesToUpload(wish_);
    if (names.empty()) return {};
    ERIS_ASSIGN(ObjectInfos objects, List(names));
    ERIS_ASSIGN(const std::optional<std::set<StorePath>> lacking, AskUnlessAway(objects));
    if (lacking) {
      std::erase_if(objects, [&lacking](const ObjectInfo& object) {
        return !lacking->contains(StorePath(object.name));
      });
      ERIS_TRY(CheckNamedByContent(objects));
    } else {
      // The planner may have what is not named by its content, or will say that it lacks it.
      std::erase_if(objects,
                    [](const ObjectInfo& object) { return object.content_address.empty(); });
    }
    if (objects.empty()) return {};
    context_.output.Say(
        fmt::format("uploading {} derivations and sources to the planner", objects.size()));
    for (const ObjectInfo& object : objects) ERIS_TRY(Add(object));
    ERIS_TRY(Submit());
    return lacking ? WaitTaken(objects) : Status();
  }

 private:
  template <typename Value>
  Result<Value> Await(std::optional<Result<Value>>& answer) {
    client_.RunUntil([&answer] { return answer.has_value(); }, kStoreAnswerPatience);
    if (answer) return std::move(*answer);
    return Fail(ErrorCode::kUnavailable,
                client_.interrupted() ? "interrupted" : "the Nix store does not answer");
  }

  Result<ObjectInfos> List(const std::vector<std::string>& names) {
    std::optional<Result<ObjectInfos>> listed;
    shelf_.List(names, [&listed](Result<ObjectInfos> objects) { listed = std::move(objects); });
    return Await(listed);
  }

  Result<std::set<StorePath>> AskLacking(const ObjectInfos& objects) {
    std::set<StorePath> lacking;
    for (std::size_t begin = 0; begin < objects.size(); begin += limits::kLackingPaths) {
      Request request;
      const std::size_t end = std::min(objects.size(), begin + limits::kLackingPaths);
      for (std::size_t i = begin; i < end; ++i) request.paths.emplace_back(objects[i].name);
      ERIS_ASSIGN(std::vector<Reply> replies,
                  client_.Ask(RequestVerb::kLacking, request, kStoreAnswerPatience));
      for (Reply& reply : replies) {
        auto* some = std::get_if<LackingReply>(&reply.body);
        if (some != nullptr) lacking.insert(some->paths.begin(), some->paths.end());
      }
    }
    return lacking;
  }

  // Nothing when the planner is away, or dies over the question.
  Result<std::optional<std::set<StorePath>>> AskUnlessAway(const ObjectInfos& objects) {
    if (wish_.planner == UploadWish::Planner::kAway) return std::nullopt;
    Result<std::set<StorePath>> lacking = AskLacking(objects);
    if (lacking) return std::optional(*std::move(lacking));
    const bool is_away = lacking.error().code == ErrorCode::kUnavailable && !client_.interrupted();
    if (is_away) return std::nullopt;
    return Fail(std::move(lacking).error());
  }

  static Status CheckNamedByContent(const ObjectInfos& objects) {
    for (const ObjectInfo& object : objects) {
      if (!object.content_address.empty()) continue;
      return Fail(ErrorCode::kInvalid,
                  "the planner lacks " + object.name +
                      ", which has been built: only what is named by its content can be uploaded",
                  "copy it to the planner's store with `nix-copy-closure`");
    }
    return {};
  }

  // Packs the object; what has come together is submitted before it becomes too much.
  Status Add(const ObjectInfo& info) {
    if (info.bytes > kMostObjectBytes) {
      return Fail(
          ErrorCode::kInvalid,
          fmt::format("{} is too large to be uploaded: {} MiB", info.name, info.bytes >> 20),
          "copy it to the planner's store with `nix-copy-closure`, or leave files out of "
          "that source");
    }
    std::vector<SharedChunk> chunks;
    bulk::ChunkMaker maker(0);
    std::optional<Result<bool>> ended;
    {
      ERIS_ASSIGN(const std::unique_ptr<bulk::ObjectSource> source, shelf_.Open(info));
      source->Start({.on_bytes = [&](std::string_view bytes) { maker.Add(bytes, chunks); },
                     .on_end =
                         [&ended](const Status& status) {
                           ended = status ? Result<bool>(true) : Result<bool>(Fail(status.error()));
                         }});
      ERIS_TRY(Await(ended));
    }
    chunks.push_back(maker.Finish());
    PackedObject& object = packed_.objects.emplace_back(PackedObject{.info = info, .pieces = {}});
    for (const SharedChunk& chunk : chunks) {
      packed_bytes_ += chunk->bytes.size();
      object.pieces.push_back({chunk->header.raw_bytes, chunk->header.encoding, chunk->bytes});
    }
    return packed_bytes_ < kUploadBytes ? Status() : Submit();
  }

  Status Submit() {
    if (packed_.objects.empty()) return {};
    Submission submission{.id = SubmissionId(fmt::format("u{:016x}", context_.random.NextU64())),
                          .profile = wish_.profile,
                          .author = {},
                          .options = {},
                          .action = std::exchange(packed_, {})};
    packed_bytes_ = 0;
    submitted_ = submission.id;
    return HandOver(client_, submission);
  }

  // The planner takes them one after the other: the answer to the last one is enough, unless one
  // before was refused, without which the last one lacks something.
  Status WaitTaken(const ObjectInfos& objects) {
    const SteadyTime deadline = client_.loop().now().steady + kUploadPatience;
    while (!client_.interrupted() && client_.loop().now().steady < deadline) {
      ERIS_ASSIGN(const SubmitReply reply, client_.AskSubmission(submitted_, kStoreAnswerPatience));
      if (reply.what == SubmitReply::What::kRefused) {
        return Fail(ErrorCode::kInvalid, "the planner refused what was uploaded: " + reply.message);
      }
      ERIS_ASSIGN(const auto lacking, AskUnlessAway(objects));
      if (!lacking || lacking->empty()) return {};  // or it will be taken before what follows it
      client_.RunUntil([] { return false; }, kUploadPause);
    }
    return Fail(ErrorCode::kUnavailable, "the planner has not taken what was uploaded",
                "look at the log of eris-planner");
  }

  Client& client_;
  const UploadWish& wish_;
  Context& context_;
  bulk::StoreShelf shelf_;
  UploadObjects packed_;
  std::size_t packed_bytes_ = 0;
  SubmissionId submitted_;  // the last one
};

}  // namespace

Status UploadLacking(Client& client, const UploadWish& wish, Context& context) {
  return Uploader(client, wish, context).Run();
}

}  // namespace eris::cli
