// What each command does. One function a command, grouped by what they need; none of them knows
// the command line's grammar.
#pragma once

#include "planner/cli/call.h"
#include "planner/cli/client_config.h"
#include "planner/cli/exit_code.h"
#include "planner/cli/output.h"
#include "schema/base/clock.h"
#include "schema/base/error.h"
#include "schema/base/random.h"

namespace eris::cli {

// Borrowed from main.
struct Context {
  const Call& call;
  const Surroundings& surroundings;
  const ClientSettings& settings;
  Output& output;
  Clock& clock;
  Random& random;
  bool interrupted = false;  // by a signal, while the broker was spoken to
};

// ---- submissions (deploy.cpp, submit.cpp) ----
Result<ExitCode> RunDeploy(const DeployCommand& command, Context& context);
Result<ExitCode> RunPlan(const PlanCommand& command, Context& context);
Result<ExitCode> RunRollback(const RollbackCommand& command, Context& context);
Result<ExitCode> RunUndeploy(const UndeployCommand& command, Context& context);
Result<ExitCode> RunDeleteGenerations(const DeleteGenerationsCommand& command, Context& context);
Result<ExitCode> RunResume(const ResumeCommand& command, Context& context);
// repairing.cpp
Result<ExitCode> RunRepair(const RepairCommand& command, Context& context);
Result<ExitCode> RunRetry(const RetryCommand& command, Context& context);

// ---- asked of each target (operations.cpp) ----
Result<ExitCode> RunQuery(const QueryCommand& command, Context& context);
Result<ExitCode> RunCollectGarbage(const CollectCommand& command, Context& context);
// state_work.cpp, snapshot.cpp
Result<ExitCode> RunStateWork(const StateCommand& command, Context& context);
Result<ExitCode> RunSnapshot(const StateCommand& command, Context& context);

// diagnose.cpp. The exit status is that of the shell or command.
Result<ExitCode> RunDiagnose(const DiagnoseCommand& command, Context& context);

// ---- questions (questions.cpp) ----
Result<ExitCode> RunStatus(const StatusCommand& command, Context& context);
Result<ExitCode> RunWatch(const WatchCommand& command, Context& context);
Result<ExitCode> RunLogs(const LogsCommand& command, Context& context);
Result<ExitCode> RunHistory(const HistoryCommand& command, Context& context);
Result<ExitCode> RunGenerations(const GenerationsCommand& command, Context& context);
Result<ExitCode> RunTargets(const TargetsCommand& command, Context& context);
Result<ExitCode> RunAdopt(const AdoptCommand& command, Context& context);
Result<ExitCode> RunCancel(const CancelCommand& command, Context& context);
Result<ExitCode> RunAbandon(const AbandonCommand& command, Context& context);

// ---- who holds what up (inquiries.cpp) ----
Result<ExitCode> RunWhy(const WhyCommand& command, Context& context);
Result<ExitCode> RunLock(const LockCommand& command, Context& context);
Result<ExitCode> RunUnlock(const UnlockCommand& command, Context& context);

// ---- what is wrong here (doctor.cpp) ----
Result<ExitCode> RunDoctor(const DoctorCommand& command, Context& context);

// ---- models and generations (visualize.cpp, model_tools.cpp) ----
Result<ExitCode> RunVisualize(const VisualizeCommand& command, Context& context);
Result<ExitCode> RunDistribution(const DistributionCommand& command, Context& context);
Result<ExitCode> RunNormalize(const NormalizeCommand& command, Context& context);
// kInvalid says that they differ, kRolledBack that it could not be told: as
// disnix-compare-manifest.
Result<ExitCode> RunCompare(const CompareCommand& command, Context& context);

// ---- this machine only (local.cpp, keys.cpp, snapshots.cpp) ----
Result<ExitCode> RunManifest(const ManifestCommand& command, Context& context);
Result<ExitCode> RunBuild(const BuildCommand& command, Context& context);
Result<ExitCode> RunKeyGenerate(const KeyGenerateCommand& command, Context& context);
Result<ExitCode> RunKeyAuthorize(const KeyAuthorizeCommand& command, Context& context);
Result<ExitCode> RunKeyList(const KeyListCommand& command, Context& context);
Result<ExitCode> RunKeyRevoke(const KeyRevokeCommand& command, Context& context);
Result<ExitCode> RunSnapshots(const SnapshotsCommand& command, Context& context);

// ---- what targets say of themselves (capture.cpp) ----
Result<ExitCode> RunCaptureInfra(const CaptureInfraCommand& command, Context& context);
Result<ExitCode> RunReconstruct(const ReconstructCommand& command, Context& context);
Result<ExitCode> RunCaptureManifest(const CaptureManifestCommand& command, Context& context);
Result<ExitCode> RunCopyClosure(const CopyClosureCommand& command, Context& context);

// Whatever the call asks for; all but `up`, which is main's.
Result<ExitCode> RunCall(Context& context);

}  // namespace eris::cli
