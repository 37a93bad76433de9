// One value or more of every type that the codec knows, together covering every alternative and
// every field; what round trip, golden and mutation tests share.
#pragma once

#include <string>
#include <vector>

#include "schema/codec/codec.h"

namespace eris::samples {

Activity SomeActivity();
Manifest SomeManifest();
Plan SomePlan();
std::vector<ItemBody> ItemBodies();  // one of each alternative, nested ones too
std::vector<Outcome> Outcomes();
std::vector<Bulk> Bulks();
std::vector<Submission> Submissions();
std::vector<Event> Events();
std::vector<Reply> Replies();
std::vector<Header> Headers();
Hello SomeHello();
ItemId SomeItemId();
WorkItem SomeWorkItem();

// An encoding and what decoding of any bytes as its type makes of them, encoded again.
struct Coded {
  std::string name;
  std::string bytes;
  Result<std::string> (*recode)(std::string_view bytes) = nullptr;
};
// Every sample of every type, as it is stored and sent.
std::vector<Coded> AllCoded();

}  // namespace eris::samples
