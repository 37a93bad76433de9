#include <optional>

#include "schema/codec/internal/convert.h"

namespace eris::codec {
namespace {

void Write(wire::PlanItem::Builder to, const PlanItem& from) {
  to.setPhase(ToWire(from.phase));
  to.setStage(from.stage);
  to.setQueue(Text(from.queue.ToString()));
  codec::Write(to.initBody(), from.body);
  if (from.inverse) codec::Write(to.initInverse(), *from.inverse);
  auto after = to.initAfter(Count(from.after));
  for (capnp::uint i = 0; i < after.size(); ++i) after.set(i, from.after[i].value);
  to.setDeadlineMs(from.deadline_ms.value_or(-1));
}

void Read(wire::PlanItem::Reader from, PlanItem& to, Input& in) {
  to.phase = in.Enum<PlanPhase>(from.getPhase());
  to.stage = from.getStage();
  to.queue = in.Queue(from.getQueue());
  codec::Read(from.getBody(), to.body, in);
  if (from.hasInverse()) codec::Read(from.getInverse(), to.inverse.emplace(), in);
  to.after.reserve(from.getAfter().size());
  for (const std::uint32_t index : from.getAfter()) to.after.push_back({index});
  if (from.getDeadlineMs() != -1) to.deadline_ms = in.Ms(from.getDeadlineMs());
}

// The order that makes a plan executable: stages never fall, edges ascend and point backwards.
void CheckEdges(const Plan& plan, Input& in) {
  for (std::size_t item = 0; item < plan.items.size(); ++item) {
    if (item > 0 && plan.items[item].stage < plan.items[item - 1].stage) {
      in.Fail("item " + std::to_string(item) + " of a plan has a lower stage than the one before");
      return;
    }
    std::optional<ItemIndex> previous;
    for (const ItemIndex index : plan.items[item].after) {
      if (index.value >= item || (previous && index <= *previous)) {
        in.Fail("item " + std::to_string(item) + " of a plan has edges out of order");
        return;
      }
      previous = index;
    }
  }
}

}  // namespace

void Write(wire::PlanSummary::Builder to, const PlanSummary& from) {
  to.setActivate(from.activate);
  to.setDeactivate(from.deactivate);
  to.setBounced(from.bounced);
  to.setKept(from.kept);
  WriteTexts(to.initDown(Count(from.down)), from.down);
  WriteTexts(to.initState(Count(from.state)), from.state);
  WriteTexts(to.initLeftOut(Count(from.left_out)), from.left_out);
  WriteTexts(to.initInDoubt(Count(from.in_doubt)), from.in_doubt);
}

void Read(wire::PlanSummary::Reader from, PlanSummary& to, Input& in) {
  to.activate = from.getActivate();
  to.deactivate = from.getDeactivate();
  to.bounced = from.getBounced();
  to.kept = from.getKept();
  ReadTexts(from.getDown(), to.down, in, &Input::Name);
  ReadTexts(from.getState(), to.state, in, &Input::Path);
  ReadTexts(from.getLeftOut(), to.left_out, in, &Input::Name);
  ReadTexts(from.getInDoubt(), to.in_doubt, in, &Input::Name);
}

void Write(wire::Plan::Builder to, const Plan& from) {
  to.setProfile(Text(from.profile));
  to.setBase(from.base.value);
  WriteList(to.initItems(Count(from.items)), from.items, Write);
  Write(to.initSummary(), from.summary);
}

void Read(wire::Plan::Reader from, Plan& to, Input& in) {
  to.profile = ProfileName(in.Name(from.getProfile()));
  to.base = {from.getBase()};
  ReadList(from.getItems(), to.items, in, Read);
  Read(from.getSummary(), to.summary, in);
  CheckEdges(to, in);
}

}  // namespace eris::codec
