#include "planner/plan/plan_text.h"

#include <fmt/format.h>

#include <iterator>
#include <string_view>
#include <variant>
#include <vector>

#include "schema/base/overloaded.h"

namespace eris {
namespace {

constexpr std::size_t kNamesShown = 10;

// "a, b and 3 more"
template <typename List, typename TextOf>
std::string NameList(const List& list, TextOf text_of) {
  std::string text;
  std::size_t shown = 0;
  for (const auto& entry : list) {
    if (shown == kNamesShown && list.size() > kNamesShown) {
      return text + fmt::format(" and {} more", list.size() - shown);
    }
    if (shown++ > 0) text += ", ";
    text += text_of(entry);
  }
  return text;
}

// Without directory and hash.
std::string ShortName(const StorePath& path) {
  const ComponentName name = ComponentOf(path);
  return name.empty() ? path.text : name.text;
}

std::string InContainer(std::string_view verb, const Activity& activity) {
  return fmt::format("{} {} in {}", verb, activity.service_name.text, activity.container.text);
}

std::string Components(std::string_view verb, const std::vector<Activity>& components) {
  return fmt::format("{} {}", verb, NameList(components, [](const Activity& activity) {
                       return activity.service_name.text;
                     }));
}

std::string Describe(const LockItem& item) {
  return std::visit(
      Overloaded{
          [](const AcquireLease&) { return std::string("take the lease"); },
          [](const ConfirmLease&) { return std::string("confirm the lease"); },
          [](const LockComponents& lock) { return Components("lock", lock.components); },
      },
      item.what);
}

std::string Describe(const UnlockItem& item) {
  return std::visit(
      Overloaded{
          [](const ReleaseLease&) { return std::string("release the lease"); },
          [](const UnlockComponents& unlock) { return Components("unlock", unlock.components); },
      },
      item.what);
}

std::string Describe(const BuildItem& item) {
  return "build " + NameList(item.derivations, [](const BuildItem::Derivation& derivation) {
           return ShortName(derivation.output);
         });
}

std::string Describe(const TransferItem& item) {
  const bool is_sent = item.way == TransferItem::Way::kToTarget;
  return (is_sent ? "transfer " : "bring ") + NameList(item.paths, ShortName);
}

std::string Describe(const SnapshotItem& item) {
  switch (item.part) {
    case SnapshotPart::kWhole:
      return InContainer("snapshot", item.activity);
    case SnapshotPart::kBase:
      return InContainer("take a base of", item.activity);
    case SnapshotPart::kIncrement:
      return InContainer("snapshot", item.activity) + " since its base";
  }
  return "snapshot";
}

std::string Describe(const TransferStateItem& item) {
  const bool is_of_all = item.snapshot.ends_with("/*");
  const std::string_view what = item.part == SnapshotPart::kBase ? "base" : "state";
  std::string state =
      fmt::format("{} of {}", is_of_all ? "older snapshots" : what, item.service_name.text);
  switch (item.way) {
    case TransferStateItem::Way::kToDepot:
      return fmt::format("send the {} to the depot", state);
    case TransferStateItem::Way::kFromDepot:
      if (item.taken_by.empty() && !item.snapshot.empty() && !is_of_all &&
          !item.snapshot.ends_with('/')) {
        return fmt::format("fetch {}", item.snapshot);
      }
      return item.from.empty()
                 ? fmt::format("fetch the {}{}", is_of_all ? "" : "last known ", state)
                 : fmt::format("fetch the {} from {}", state, item.from.text);
    case TransferStateItem::Way::kWithin:
      return item.from.empty() ? fmt::format("begin the {}", state)
                               : fmt::format("take over the {}", state);
  }
  return state;
}

std::string Describe(const SetProfileItem& item) {
  if (item.path.empty()) return "remove the profile";
  return fmt::format("set the profile to {}", ShortName(item.path));
}

std::string Describe(const AdoptItem& item) {
  const bool takes_up = item.way == AdoptItem::Way::kTakeUp;
  return Components(takes_up ? "take note of" : "forget", item.components);
}

std::string Describe(const QueryItem& item) {
  switch (item.what) {
    case QueryItem::What::kRunning:
    case QueryItem::What::kManifest:
      return "query";
    case QueryItem::What::kOffer:
      return "query what it has for services";
    case QueryItem::What::kDisnix:
      return "query what Disnix has deployed";
  }
  return "query";
}

void AppendItem(const Plan& plan, std::size_t index, std::string& text) {
  const PlanItem& item = plan.items[index];
  const std::string_view place = item.queue.name;
  const std::string_view preposition =
      item.queue.kind == QueueName::Kind::kBuilder ? "on a builder for" : "on";
  fmt::format_to(std::back_inserter(text), "  {:>4}  {} {} {}", index, DescribeItem(item.body),
                 preposition, place);
  if (!item.after.empty()) {
    text += "  (after " +
            NameList(item.after, [](ItemIndex other) { return std::to_string(other.value); }) + ")";
  }
  text += "\n";
}

}  // namespace

std::string SummaryLine(const PlanSummary& summary) {
  std::string text = fmt::format("{} to activate, {} to deactivate, {} kept", summary.activate,
                                 summary.deactivate, summary.kept);
  if (summary.bounced > 0) text += fmt::format(" ({} of them restarted)", summary.bounced);
  const auto name_of = [](const auto& name) { return name.text; };
  text += summary.down.empty() ? "; nothing goes down"
                               : "; down during the switch: " + NameList(summary.down, name_of);
  if (!summary.left_out.empty()) {
    text += "; not connected and left out: " + NameList(summary.left_out, name_of);
  }
  if (!summary.in_doubt.empty()) {
    text += "; in doubt, and made anew: " + NameList(summary.in_doubt, name_of);
  }
  return text;
}

ServiceName SentStateIn(std::string_view description) {
  constexpr std::string_view kBefore = "send the state of ";
  constexpr std::string_view kAfter = " to the depot";
  if (!description.starts_with(kBefore) || !description.ends_with(kAfter)) return {};
  description.remove_prefix(kBefore.size());
  description.remove_suffix(kAfter.size());
  return ServiceName(std::string(description));
}

std::string DescribeItem(const ItemBody& body) {
  return std::visit(
      Overloaded{
          [](const ActivateItem& item) { return InContainer("activate", item.activity); },
          [](const DeactivateItem& item) { return InContainer("deactivate", item.activity); },
          [](const SnapshotItem& item) { return Describe(item); },
          [](const RestoreItem& item) { return InContainer("restore", item.activity); },
          [](const DeleteStateItem& item) {
            return InContainer("delete the state of", item.activity);
          },
          [](const CollectItem& item) {
            const bool is_of_snapshots = item.scope == CollectItem::Scope::kSnapshots;
            return std::string(is_of_snapshots ? "clean the snapshots" : "collect garbage");
          },
          [](const DiagnoseItem& item) {
            return fmt::format("diagnose {} in {}{}", item.service_name.text, item.container.text,
                               item.command.empty() ? "" : ": " + item.command);
          },
          [](const auto& item) { return Describe(item); },
      },
      body);
}

std::string PlanToText(const Plan& plan) {
  std::string text = fmt::format(
      "profile {}, from {}: {}\n", plan.profile.text,
      plan.base ? fmt::format("generation {}", plan.base.value) : std::string("nothing"),
      SummaryLine(plan.summary));
  for (const std::string& line : plan.summary.state) text += "  " + line + "\n";
  if (plan.empty()) return text + "nothing to do\n";
  for (std::size_t index = 0; index < plan.items.size(); ++index) {
    const PlanItem& item = plan.items[index];
    if (index == 0 || plan.items[index - 1].phase != item.phase) {
      text += fmt::format("\n{}\n", ToString(item.phase));
    } else if (plan.items[index - 1].stage != item.stage) {
      text += "        -- all of the above first --\n";
    }
    AppendItem(plan, index, text);
  }
  return text;
}

}  // namespace eris
