#include "planner/cli/generation.h"

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "planner/cli/submitting.h"
#include "schema/codec/codec.h"

namespace eris::cli {

namespace {

Result<KnownBase> AskManifest(Client& client, RequestVerb verb, const Request& request,
                              Duration patience = kAnswerPatience) {
  ERIS_ASSIGN(const std::vector<Reply> replies, client.Ask(verb, request, patience));
  KnownBase known;
  std::string bytes;
  for (const Reply& reply : replies) {
    const auto* part = std::get_if<ManifestReply>(&reply.body);
    if (part == nullptr) continue;
    if (part->offset != bytes.size()) {
      return Fail(ErrorCode::kInternal, "the planner sent a manifest with a gap");
    }
    known.number = part->generation;
    bytes += part->bytes;
  }
  if (bytes.empty()) return known;
  ERIS_ASSIGN(known.manifest, Decode<Manifest>(bytes));
  return known;
}

}  // namespace

Result<DeployedGeneration> FetchGeneration(Client& client, const ProfileName& profile,
                                           GenerationNumber number) {
  Request request;
  request.profile = profile;
  request.generation = number;
  ERIS_ASSIGN(KnownBase known, AskManifest(client, RequestVerb::kGetManifest, request));
  return DeployedGeneration{known.number, std::move(known.manifest).value_or(Manifest())};
}

Result<KnownBase> FetchBase(Client& client, const ProfileName& profile, Duration patience) {
  Request request;
  request.profile = profile;
  return AskManifest(client, RequestVerb::kGetBase, request, patience);
}

}  // namespace eris::cli
