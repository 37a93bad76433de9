// From a call to its command.
#include <variant>

#include "planner/cli/commands.h"
#include "schema/base/overloaded.h"

namespace eris::cli {

Result<ExitCode> RunCall(Context& context) {
  for (const std::string& note : context.call.notes) context.output.Note(note);
  return std::visit(
      Overloaded{
          [&](const DeployCommand& c) { return RunDeploy(c, context); },
          [&](const PlanCommand& c) { return RunPlan(c, context); },
          [&](const BuildCommand& c) { return RunBuild(c, context); },
          [&](const ManifestCommand& c) { return RunManifest(c, context); },
          [&](const RollbackCommand& c) { return RunRollback(c, context); },
          [&](const UndeployCommand& c) { return RunUndeploy(c, context); },
          [&](const RetryCommand& c) { return RunRetry(c, context); },
          [&](const QueryCommand& c) { return RunQuery(c, context); },
          [&](const DiagnoseCommand& c) { return RunDiagnose(c, context); },
          [&](const GenerationsCommand& c) { return RunGenerations(c, context); },
          [&](const TargetsCommand& c) { return RunTargets(c, context); },
          [&](const AdoptCommand& c) { return RunAdopt(c, context); },
          [&](const StatusCommand& c) { return RunStatus(c, context); },
          [&](const WatchCommand& c) { return RunWatch(c, context); },
          [&](const LogsCommand& c) { return RunLogs(c, context); },
          [&](const HistoryCommand& c) { return RunHistory(c, context); },
          [&](const CancelCommand& c) { return RunCancel(c, context); },
          [&](const DeleteGenerationsCommand& c) { return RunDeleteGenerations(c, context); },
          [&](const RepairCommand& c) { return RunRepair(c, context); },
          [&](const ResumeCommand& c) { return RunResume(c, context); },
          [&](const CaptureInfraCommand& c) { return RunCaptureInfra(c, context); },
          [&](const ReconstructCommand& c) { return RunReconstruct(c, context); },
          [&](const AbandonCommand& c) { return RunAbandon(c, context); },
          [&](const WhyCommand& c) { return RunWhy(c, context); },
          [&](const LockCommand& c) { return RunLock(c, context); },
          [&](const UnlockCommand& c) { return RunUnlock(c, context); },
          [&](const DoctorCommand& c) { return RunDoctor(c, context); },
          [&](const CollectCommand& c) { return RunCollectGarbage(c, context); },
          [&](const VisualizeCommand& c) { return RunVisualize(c, context); },
          [&](const DistributionCommand& c) { return RunDistribution(c, context); },
          [&](const NormalizeCommand& c) { return RunNormalize(c, context); },
          [&](const CompareCommand& c) { return RunCompare(c, context); },
          [&](const KeyGenerateCommand& c) { return RunKeyGenerate(c, context); },
          [&](const KeyAuthorizeCommand& c) { return RunKeyAuthorize(c, context); },
          [&](const KeyListCommand& c) { return RunKeyList(c, context); },
          [&](const KeyRevokeCommand& c) { return RunKeyRevoke(c, context); },
          [&](const CaptureManifestCommand& c) { return RunCaptureManifest(c, context); },
          [&](const CopyClosureCommand& c) { return RunCopyClosure(c, context); },
          [&](const StateCommand& c) { return RunStateWork(c, context); },
          [&](const SnapshotsCommand& c) { return RunSnapshots(c, context); },
          [](const UpCommand&) -> Result<ExitCode> {
            return Fail(ErrorCode::kInternal, "`up` is run by main");
          },
      },
      context.call.command);
}

}  // namespace eris::cli
