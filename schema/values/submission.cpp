#include "schema/values/submission.h"

#include "schema/base/overloaded.h"

namespace eris {

std::string_view ToString(Until until) {
  switch (until) {
    case Until::kEnd:
      return "end";
    case Until::kPrepare:
      return "prepare";
    case Until::kLock:
      return "lock";
    case Until::kSwitch:
      return "switch";
  }
  return "end";
}

std::string_view ToString(StateOperation::Job job) {
  switch (job) {
    case StateOperation::Job::kRestore:
      return "restore";
    case StateOperation::Job::kMigrate:
      return "migrate";
    case StateOperation::Job::kDelete:
      return "delete-state";
    case StateOperation::Job::kSnapshot:
      return "snapshot";
  }
  return "restore";
}

std::string NameOf(const SubmissionAction& action) {
  return std::visit(Overloaded{
                        [](const DeployManifest&) { return std::string("deploy"); },
                        [](const RollbackTo&) { return std::string("rollback"); },
                        [](const Undeploy&) { return std::string("undeploy"); },
                        [](const RetryTransaction&) { return std::string("retry"); },
                        [](const Operate& operate) { return std::string(VerbOf(operate.body)); },
                        [](const AdoptManifest&) { return std::string("reconstruct"); },
                        [](const DeleteGenerations&) { return std::string("delete generations"); },
                        [](const UploadObjects&) { return std::string("upload"); },
                        [](const StateOperation& work) { return std::string(ToString(work.job)); },
                    },
                    action);
}

ERIS_CHOICE_DEFINITIONS(SubmissionAction)

}  // namespace eris
