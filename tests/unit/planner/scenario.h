// The small system that tests of the planner deploy: db on one target, api and web on others.
#pragma once

#include <string>

#include "schema/values/submission.h"
#include "tests/support/manifest_builder.h"

namespace eris::planner::testing {

// db ← api ← web, over targets t1, t2, t3. Another version of api moves api and web.
inline Manifest ThreeTiers(const std::string& api_version) {
  return eris::testing::MakeManifest(
      {{.name = "db", .places = {{"t1"}}},
       {.name = "api", .version = api_version, .places = {{"t2"}}, .depends_on = {"db"}},
       {.name = "web", .places = {{"t3"}}, .depends_on = {"api"}}});
}

inline SubmissionAction Deploy(const std::string& api_version) {
  return DeployManifest{ThreeTiers(api_version)};
}

}  // namespace eris::planner::testing
