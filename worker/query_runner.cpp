#include "worker/query_runner.h"

#include <cstddef>
#include <system_error>
#include <utility>
#include <vector>

#include "schema/base/check.h"
#include "schema/base/files.h"

namespace eris {
namespace {

using dysnomia::ActivityKind;
using dysnomia::ComponentStatus;

// Of what a profile says of itself, in a report: with the mappings it has to fit into a message.
constexpr std::size_t kMostManifestBytes = std::size_t{512} << 10;

Outcome FailedQuery(std::string why) {
  return {.verdict = Verdict::kFailed, .message = std::move(why)};
}

// What the modules say is newer than what is on record.
void TakeStatus(const std::vector<std::size_t>& asked, const dysnomia::AttemptOutcome& attempt,
                TargetReport& report) {
  for (std::size_t i = 0; i < asked.size() && i < attempt.activities.size(); ++i) {
    const ComponentStatus status = attempt.activities[i].status;
    if (status == ComponentStatus::kUnknown) continue;
    report.mappings[asked[i]].state = status == ComponentStatus::kActive
                                          ? ActiveMapping::State::kActive
                                          : ActiveMapping::State::kInactive;
  }
}

}  // namespace

void QueryRunner::Start(const std::string& attempt, const QueryItem& query, Done done) {
  const auto later = [&](Outcome outcome) {
    parts_.loop.After(Duration(0),
                      [done, outcome = std::move(outcome)]() mutable { done(std::move(outcome)); });
  };
  switch (query.what) {
    case QueryItem::What::kRunning:
    case QueryItem::What::kManifest:
      return Report(attempt, query, std::move(done));
    case QueryItem::What::kOffer:
      return later(Offer());
    case QueryItem::What::kDisnix:
      return later(Disnix(query.profile));
  }
}

void QueryRunner::Report(const std::string& attempt, const QueryItem& query, Done done) {
  const ProfileName& profile = query.profile;
  const LedgerState& ledger = parts_.ledger();
  TargetReport report{.profile = {}, .mappings = ledger.MappingsOf(profile), .manifest = {}};
  Outcome outcome{.verdict = Verdict::kSucceeded};
  dysnomia::AttemptRequest request;
  std::vector<std::size_t> asked;  // positions in report.mappings
  const Result<StorePath> current = parts_.store.ProfileTarget(profile);
  if (current) {
    report.profile = *current;
    if (query.what == QueryItem::What::kManifest && !current->empty()) {
      report.manifest = ReadFile(current->text + "/manifest.nix", kMostManifestBytes).value_or("");
    }
    for (std::size_t i = 0; i < report.mappings.size(); ++i) {
      const auto known = ledger.mappings.find(KeyOf(profile, report.mappings[i]));
      ERIS_CHECK(known != ledger.mappings.end(), "a report lists mappings of the ledger");
      const Activity& activity = *known->second.activity;
      if (!parts_.activities_of(activity.module).Contains(ActivityKind::kStatus)) continue;
      request.activities.push_back(StatusRequestFor(activity));
      asked.push_back(i);
    }
    outcome.report = report;
  } else {
    outcome = {.verdict = Verdict::kUnavailable, .message = current.error().message};
  }
  if (asked.empty()) {
    parts_.loop.After(Duration(0), [done = std::move(done), outcome] { done(outcome); });
    return;
  }
  parts_.activities.Remove(attempt);
  parts_.activities.Start(
      attempt, std::move(request),
      [this, attempt, asked = std::move(asked), report = std::move(report),
       done = std::move(done)](const Result<dysnomia::AttemptOutcome>& ended) mutable {
        parts_.activities.Remove(attempt);
        if (!ended) {
          const bool unknown = ended.error().code == ErrorCode::kTimeout;
          return done({.verdict = unknown ? Verdict::kUnknown : Verdict::kUnavailable,
                       .message = ended.error().message});
        }
        TakeStatus(asked, *ended, report);
        done({.verdict = Verdict::kSucceeded, .report = std::move(report)});
      });
}

Outcome QueryRunner::Offer() const {
  Result<OfferReport> offer = ReadOffer(options_.offer);
  if (!offer) return FailedQuery(offer.error().message);
  return {.verdict = Verdict::kSucceeded, .report = *std::move(offer)};
}

// What does not fit into a report is left out, as that of a profile of ours.
Outcome QueryRunner::Disnix(const ProfileName& profile) const {
  const std::filesystem::path link = options_.disnix_profiles / profile.text;
  std::error_code error;
  const std::filesystem::path path = std::filesystem::canonical(link, error);
  if (error) return FailedQuery("there is no profile of Disnix here: " + link.string());
  if (ComponentOf(StorePath(path.string())).empty()) {
    return FailedQuery(link.string() + " leads to no path of a Nix store: " + path.string());
  }
  const std::filesystem::path file = path / "profilemanifest.xml";
  const std::uintmax_t bytes = std::filesystem::file_size(file, error);
  if (error)
    return FailedQuery("the profile of Disnix has no profilemanifest.xml: " + link.string());
  TargetReport report{.profile = StorePath(path.string()), .mappings = {}, .manifest = {}};
  if (bytes <= kMostManifestBytes) {
    Result<std::string> text = ReadFile(file.string(), kMostManifestBytes);
    if (!text) return FailedQuery(text.error().message);
    report.manifest = *std::move(text);
  }
  return {.verdict = Verdict::kSucceeded, .report = std::move(report)};
}

}  // namespace eris
