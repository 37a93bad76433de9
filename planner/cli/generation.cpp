#include "planner/cli/generation.h"

#include <string>
#include <variant>
#include <vector>

#include "planner/cli/submitting.h"
#include "schema/codec/codec.h"

namespace eris::cli {

Result<DeployedGeneration> FetchGeneration(Client& client, const ProfileName& profile,
                                           GenerationNumber number) {
  Request request;
  request.profile = profile;
  request.generation = number;
  ERIS_ASSIGN(const std::vector<Reply> replies,
              client.Ask(RequestVerb::kGetManifest, request, kAnswerPatience));
  DeployedGeneration generation;
  std::string bytes;
  for (const Reply& reply : replies) {
    const auto* part = std::get_if<ManifestReply>(&reply.body);
    if (part == nullptr) continue;
    if (part->offset != bytes.size()) {
      return Fail(ErrorCode::kInternal, "the planner sent a manifest with a gap");
    }
    generation.number = part->generation;
    bytes += part->bytes;
  }
  if (!generation.number) return generation;
  ERIS_ASSIGN(generation.manifest, Decode<Manifest>(bytes));
  return generation;
}

}  // namespace eris::cli
