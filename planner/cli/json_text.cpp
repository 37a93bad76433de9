#include "planner/cli/json_text.h"

#include <nlohmann/json.hpp>
#include <variant>

#include "planner/plan/plan_hash.h"
#include "planner/plan/plan_text.h"

namespace eris::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string Text(const Json& json) {
  // Output of modules may hold anything: what is no UTF-8 is replaced.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

template <typename Value>
std::string ListText(std::span<const Value> values, Json (*convert)(const Value&)) {
  Json list = Json::array();
  for (const Value& value : values) list.push_back(convert(value));
  return Text(list);
}

Json Of(const PlanSummary& summary) {
  Json down = Json::array();
  for (const ServiceName& name : summary.down) down.push_back(name.text);
  Json left_out = Json::array();
  for (const TargetName& name : summary.left_out) left_out.push_back(name.text);
  Json in_doubt = Json::array();
  for (const TargetName& name : summary.in_doubt) in_doubt.push_back(name.text);
  return {{"activate", summary.activate},  {"deactivate", summary.deactivate},
          {"bounced", summary.bounced},    {"kept", summary.kept},
          {"down", std::move(down)},       {"leftOut", std::move(left_out)},
          {"inDoubt", std::move(in_doubt)}};
}

Json Of(const TransactionStatus& status) {
  return {{"transaction", status.transaction.value},
          {"submission", status.submission.text},
          {"profile", status.profile.text},
          {"author", status.author},
          {"action", status.action},
          {"phase", ToString(status.phase)},
          {"result", status.result ? Json(ToString(*status.result)) : Json()},
          {"message", status.message},
          {"planHash", status.plan_hash},
          {"generation", status.generation ? Json(status.generation.value) : Json()},
          {"summary", Of(status.summary)},
          {"itemsTotal", status.items_total},
          {"itemsDone", status.items_done},
          {"submittedAtMs", status.submitted_at.ms},
          {"endedAtMs", status.ended_at.ms},
          {"lockedMs", status.locked_ms},
          {"waitingFor", status.waiting_for},
          {"paused", status.is_paused}};
}

Json Of(const TargetReport& report) {
  constexpr const char* kStates[] = {"active", "inactive", "indeterminate"};
  Json mappings = Json::array();
  for (const ActiveMapping& mapping : report.mappings) {
    mappings.push_back({{"name", mapping.service_name.text},
                        {"service", mapping.service.text},
                        {"container", mapping.container.text},
                        {"digest", mapping.digest},
                        {"package", mapping.package.text},
                        {"state", kStates[static_cast<std::size_t>(mapping.state)]}});
  }
  return {{"profile", report.profile.text}, {"mappings", std::move(mappings)}};
}

Json Of(const Outcome& outcome) {
  Json json = {{"verdict", ToString(outcome.verdict)},
               {"message", outcome.message},
               {"log", outcome.log_tail},
               {"tookMs", outcome.took_ms}};
  if (const auto* report = std::get_if<TargetReport>(&outcome.report)) json["report"] = Of(*report);
  if (const auto* report = std::get_if<CollectReport>(&outcome.report)) {
    json["report"] = {{"freedBytes", report->freed_bytes}};
  }
  return json;
}

Json Of(const Grade& grade) {
  return {{"direction", grade.direction == Direction::kForward ? "forward" : "inverse"},
          {"attempt", grade.attempt}};
}

Json Of(const ItemOutline& item) {
  return {{"index", item.index.value},
          {"phase", ToString(item.phase)},
          {"verb", item.verb},
          {"queue", item.queue},
          {"subject", item.subject}};
}

Json Of(const LogEntry& entry) {
  return {{"item", Of(entry.item)}, {"grade", Of(entry.grade)}, {"outcome", Of(entry.outcome)}};
}

Json Of(const GenerationInfo& info) {
  return {{"profile", info.profile.text},
          {"generation", info.generation.value},
          {"transaction", info.transaction.value},
          {"committedAtMs", info.committed_at.ms},
          {"author", info.author},
          {"mappings", info.mappings},
          {"targets", info.targets},
          {"current", info.standing == GenerationInfo::Standing::kCurrent}};
}

Json Of(const Vitals& vitals, WallTime at) {
  constexpr double kMilli = 1000;
  return {{"load", vitals.load_milli / kMilli},
          {"cores", vitals.cores},
          {"storeFreeBytes", vitals.store_free_bytes},
          {"stateFreeBytes", vitals.state_free_bytes},
          {"atMs", at.ms}};
}

Json Of(const TargetInfo& info) {
  return {{"queue", info.queue},
          {"connected", info.state == Presence::State::kConnected},
          {"worker", info.worker},
          {"software", info.software},
          {"sinceMs", info.since.ms},
          {"leasedBy", info.leased_by ? Json(info.leased_by.value) : Json()},
          {"itemsInFlight", info.items_in_flight},
          {"vitals", info.vitals ? Of(*info.vitals, info.vitals_at) : Json()},
          {"waitingFor", info.waiting_for}};
}

Json Of(const TargetAnswer& answer) {
  return {{"target", answer.target.text}, {"outcome", Of(answer.outcome)}};
}

Json Of(const NamedKey& key) {
  return {{"name", key.grant.name},           {"publicKey", key.public_key},
          {"role", ToString(key.grant.role)}, {"level", ToString(key.grant.level)},
          {"profiles", key.grant.profiles},   {"targets", key.grant.targets},
          {"diagnose", key.grant.diagnose},   {"queues", key.grant.queues}};
}

Json Of(const HeldTarget& held) {
  return {{"target", held.target.text},
          {"transaction", held.transaction.value},
          {"author", held.author},
          {"sinceMs", held.since.ms},
          {"standing", held.standing}};
}

Json Of(const StoredSnapshot& snapshot) {
  Json json = {{"snapshot", snapshot.reference},
               {"generation", snapshot.generation},
               {"bytes", snapshot.bytes},
               {"takenMs", snapshot.taken.ms}};
  if (!snapshot.increment_of.empty()) json["incrementOf"] = snapshot.increment_of;
  return json;
}

Json Of(const Diagnosis& diagnosis) {
  constexpr const char* kWords[] = {"ok", "warning", "error"};
  return {{"grade", kWords[static_cast<std::size_t>(diagnosis.grade)]},
          {"what", diagnosis.what},
          {"fix", diagnosis.fix}};
}

Json Of(const Discrepancy& one) {
  constexpr const char* kWords[] = {"gone", "new", "changed"};
  return {{"kind", kWords[static_cast<std::size_t>(one.kind)]},
          {"subject", one.subject},
          {"what", one.what}};
}

const char* WordOf(TargetVerified::Verdict verdict) {
  constexpr const char* kWords[] = {"verified", "unverified", "differs"};
  return kWords[static_cast<std::size_t>(verdict)];
}

struct EventToJson {
  Json operator()(const PlannerStarted& e) const {
    return {{"type", "plannerStarted"}, {"epoch", e.epoch.value}};
  }
  Json operator()(const PlannerSuperseded& e) const {
    return {{"type", "plannerSuperseded"},
            {"epoch", e.seen.epoch.value},
            {"event", e.seen.event.value},
            {"transaction", e.seen.transaction.value}};
  }
  Json operator()(const SubmissionAccepted& e) const {
    return {{"type", "submissionAccepted"},
            {"submission", e.submission.id.text},
            {"profile", e.submission.profile.text},
            {"author", e.submission.author}};
  }
  Json operator()(const TransactionPlanned& e) const {
    return {{"type", "planned"}, {"planHash", e.plan_hash}, {"summary", Of(e.plan.summary)}};
  }
  Json operator()(const PhaseEntered& e) const {
    return {{"type", "phase"}, {"phase", ToString(e.phase)}, {"why", e.why}};
  }
  Json operator()(const ItemsPublished& e) const {
    Json items = Json::array();
    for (const PublishedItem& item : e.items) {
      items.push_back({{"index", item.index.value}, {"grade", Of(item.grade)}});
    }
    return {{"type", "published"}, {"items", std::move(items)}};
  }
  Json operator()(const ItemSettled& e) const {
    return {{"type", "settled"},
            {"index", e.item.index.value},
            {"grade", Of(e.item.grade)},
            {"outcome", Of(e.outcome)}};
  }
  Json operator()(const CancelRequested& e) const {
    return {{"type", "cancelRequested"}, {"author", e.author}, {"reason", e.reason}};
  }
  Json operator()(const TargetVerified& e) const {
    return {{"type", "targetVerified"},
            {"target", e.target.text},
            {"verdict", WordOf(e.verdict)},
            {"differences", e.differences}};
  }
  Json operator()(const GenerationCommitted& e) const {
    return {{"type", "generationCommitted"},
            {"profile", e.profile.text},
            {"generation", e.generation.value}};
  }
  Json operator()(const TransactionEnded& e) const {
    return {{"type", "ended"}, {"result", ToString(e.result)}, {"message", e.message}};
  }
  Json operator()(const RollbackResumed& e) const {
    return {{"type", "resumed"}, {"author", e.author}};
  }
  Json operator()(const TransactionPaused& e) const {
    return {{"type", "paused"}, {"after", ToString(e.after)}};
  }
  Json operator()(const TransactionResumed& e) const {
    return {{"type", "goesOn"}, {"author", e.author}, {"until", ToString(e.until)}};
  }
  Json operator()(const GenerationsDeleted& e) const {
    Json numbers = Json::array();
    for (const auto& one : e.generations) numbers.push_back(one.generation.value);
    return {{"type", "generationsDeleted"},
            {"profile", e.profile.text},
            {"generations", std::move(numbers)}};
  }
  Json operator()(const Abandoned& e) const {
    return {{"type", "abandoned"}, {"author", e.author}, {"target", e.target.text}};
  }
};

Json Of(const Event& event) {
  Json json = {{"sequence", event.sequence.value},
               {"atMs", event.at.ms},
               {"transaction", event.transaction.value}};
  json.update(std::visit(EventToJson{}, event.body));
  return json;
}

}  // namespace

std::string ToJson(const TransactionStatus& status) { return Text(Of(status)); }
std::string ToJson(std::span<const TransactionStatus> transactions) {
  return ListText(transactions, &Of);
}
std::string ToJson(std::span<const Event> events) { return ListText(events, &Of); }
std::string ToJson(std::span<const GenerationInfo> generations) {
  return ListText(generations, &Of);
}
std::string ToJson(std::span<const TargetInfo> targets) { return ListText(targets, &Of); }
std::string ToJson(std::span<const LogEntry> entries) { return ListText(entries, &Of); }
std::string ToJson(std::span<const TargetAnswer> answers) { return ListText(answers, &Of); }

std::string ToJson(std::span<const NamedKey> keys) { return ListText(keys, &Of); }

std::string ToJson(std::span<const HeldTarget> held) { return ListText(held, &Of); }

std::string ToJson(std::span<const StoredSnapshot> snapshots) { return ListText(snapshots, &Of); }

std::string ToJson(std::span<const Diagnosis> diagnoses) { return ListText(diagnoses, &Of); }

std::string ToJson(std::span<const Discrepancy> discrepancies) {
  return ListText(discrepancies, &Of);
}

std::string CertificateToJson(const TransactionStatus& status, std::span<const Event> events) {
  Json verdicts = Json::object();  // the last word on each target
  for (const Event& event : events) {
    const auto* verified = std::get_if<TargetVerified>(&event.body);
    if (verified == nullptr) continue;
    verdicts[verified->target.text] = {{"verdict", WordOf(verified->verdict)},
                                       {"differences", verified->differences},
                                       {"event", event.sequence.value},
                                       {"atMs", event.at.ms}};
  }
  Json list = Json::array();
  for (const Event& event : events) list.push_back(Of(event));
  Json json = Of(status);
  json["targets"] = std::move(verdicts);
  json["events"] = std::move(list);
  return Text(json);
}

std::string WhyToJson(const TransactionStatus& status, std::span<const std::string> chain) {
  Json json = Of(status);
  json["chain"] = chain;
  return Text(json);
}

std::string PlanToJson(const Plan& plan, std::span<const std::string> estimates) {
  Json items = Json::array();
  for (std::uint32_t i = 0; i < plan.items.size(); ++i) {
    const PlanItem& item = plan.items[i];
    Json after = Json::array();
    for (const ItemIndex before : item.after) after.push_back(before.value);
    items.push_back({{"index", i},
                     {"phase", ToString(item.phase)},
                     {"stage", item.stage},
                     {"queue", item.queue.ToString()},
                     {"verb", VerbOf(item.body)},
                     {"subject", DescribeItem(item.body)},
                     {"hasInverse", item.inverse.has_value()},
                     {"after", std::move(after)}});
  }
  return Text({{"hash", PlanHash(plan)},
               {"profile", plan.profile.text},
               {"base", plan.base.value},
               {"summary", Of(plan.summary)},
               {"estimates", estimates},
               {"items", std::move(items)}});
}

std::string TransactionToJson(const TransactionRef& transaction) {
  Json json = {{"submission", transaction.submission.text}};
  json["transaction"] = transaction.transaction ? Json(transaction.transaction.value) : Json();
  return Text(json);
}

}  // namespace eris::cli
