#include "planner/cli/plan_preview.h"

#include <vector>

#include "planner/cli/estimate.h"
#include "planner/cli/json_text.h"
#include "planner/plan/plan_hash.h"
#include "planner/plan/plan_text.h"

namespace eris::cli {
namespace {

// A plan is as good without them.
std::vector<std::string> EstimatesFor(Client& client, const Plan& plan) {
  const Result<PastSteps> past = AskPastSteps(client, plan);
  return past ? EstimatesOf(plan, *past) : std::vector<std::string>();
}

}  // namespace

void ShowPlan(Client& client, const Plan& plan, Context& context) {
  const std::vector<std::string> estimates = EstimatesFor(client, plan);
  if (context.output.json()) return context.output.Print(PlanToJson(plan, estimates));
  std::string text = PlanToText(plan) + "\n";
  for (const std::string& line : estimates) text += line + "\n";
  context.output.Print(text + "plan " + PlanHash(plan) + "\n");
}

std::string AnnouncePlan(Client& client, const Plan& plan, Context& context) {
  std::string announced = SummaryLine(plan.summary);
  context.output.Say(announced);
  for (const std::string& line : plan.summary.state) context.output.Say("  " + line);
  for (const std::string& line : EstimatesFor(client, plan)) context.output.Say("  " + line);
  return announced;
}

}  // namespace eris::cli
