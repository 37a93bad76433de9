// What the planner answers, as JSON for programs: one document, ends with a line end. The only
// header before nlohmann in this folder. Pure. Times are milliseconds since 1970, names of phases
// and results are those of the protocol.
#pragma once

#include <span>
#include <string>

#include "planner/cli/comparison.h"
#include "planner/cli/doctor.h"
#include "planner/cli/lists.h"
#include "schema/values/event.h"
#include "schema/values/plan.h"
#include "schema/values/request.h"

namespace eris::cli {

std::string ToJson(const TransactionStatus& status);
std::string ToJson(std::span<const TransactionStatus> transactions);
std::string ToJson(std::span<const Event> events);
std::string ToJson(std::span<const GenerationInfo> generations);
std::string ToJson(std::span<const TargetInfo> targets);
std::string ToJson(std::span<const LogEntry> entries);
std::string ToJson(std::span<const TargetAnswer> answers);
std::string ToJson(std::span<const NamedKey> keys);
std::string ToJson(std::span<const HeldTarget> held);
std::string ToJson(std::span<const StoredSnapshot> snapshots);
std::string ToJson(std::span<const Diagnosis> diagnoses);
std::string ToJson(std::span<const Discrepancy> discrepancies);
// What a transaction was, what became of each target, and the events that show it.
std::string CertificateToJson(const TransactionStatus& status, std::span<const Event> events);
std::string WhyToJson(const TransactionStatus& status, std::span<const std::string> chain);
std::string PlanToJson(const Plan& plan, std::span<const std::string> estimates = {});
std::string TransactionToJson(const TransactionRef& transaction);  // of --detach

}  // namespace eris::cli
