#include "tests/unit/codec/samples.h"

#include <algorithm>
#include <utility>

namespace eris::samples {
namespace {

const ServiceKey kDatabase("d0d0");
const ServiceKey kApi("a1a1");
const TargetName kFirst("first");
const TargetName kSecond("second");
const ContainerName kProcess("process");

template <typename Value>
Result<std::string> Recode(std::string_view bytes) {
  ERIS_ASSIGN(const Value value, Decode<Value>(bytes));
  return Encode(value);
}

template <typename Value>
void Add(std::vector<Coded>& to, const std::string& name, const Value& value) {
  to.push_back({name, Encode(value), &Recode<Value>});
}
template <typename Value>
void AddAll(std::vector<Coded>& to, const std::string& name, const std::vector<Value>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    Add(to, name + "-" + std::to_string(i), values[i]);
  }
}

TransactionStatus SomeStatus() {
  return {.transaction = {7},
          .submission = SubmissionId("sub-1"),
          .profile = ProfileName("default"),
          .author = "alice",
          .action = "deploy",
          .phase = TransactionPhase::kEnded,
          .result = TransactionResult::kRolledBack,
          .message = "api: activate failed",
          .plan_hash = "abcd",
          .generation = {3},
          .summary = SomePlan().summary,
          .items_total = 12,
          .items_done = 11,
          .submitted_at = {1000},
          .ended_at = {2000},
          .locked_ms = 300,
          .waiting_for = {"target second: absent for 3 s"}};
}

Vitals SomeVitals() {
  return {.load_milli = 420, .cores = 8, .store_free_bytes = 1, .state_free_bytes = 2};
}

const ItemOutline kOutline{.index = {4},
                           .phase = PlanPhase::kSwitch,
                           .verb = "activate",
                           .queue = "target.first",
                           .subject = "api",
                           .has_inverse = true};

}  // namespace

ItemId SomeItemId() {
  return {.step = {.journal = {0x0123456789abcdef}, .transaction = {7}, .index = {3}},
          .grade = {.direction = Direction::kInverse, .attempt = 2}};
}

Activity SomeActivity() {
  return {.service_name = ServiceName("api"),
          .service = kApi,
          .container = kProcess,
          .digest = "beef",
          .module = "process",
          .package = StorePath("/nix/store/aaaa-api"),
          .component = ComponentName("api"),
          .properties = {{"hostname", Property::Kind::kText, "localhost", "\"localhost\""},
                         {"password", Property::Kind::kSecret, "api-password", "{}"},
                         {"tree", Property::Kind::kStructured, "", "{\"a\":1}"}}};
}

Manifest SomeManifest() {
  Manifest manifest;
  Service& database = manifest.services[kDatabase];
  database.name = ServiceName("database");
  database.type = "process";
  database.package = StorePath("/nix/store/bbbb-database");
  database.derivation = StorePath("/nix/store/cccc-database.drv");
  database.system = SystemName("x86_64-linux");
  database.provides_containers[ContainerName("tables")] = SomeActivity().properties;
  database.deploy_state = true;
  database.state_undo = true;
  database.deadline_ms = 0;
  Service& api = manifest.services[kApi];
  api.name = ServiceName("api");
  api.type = "process";
  api.package = StorePath("/nix/store/aaaa-api");
  api.depends_on = {{kDatabase, kFirst, kProcess}};
  api.activates_after = {{kDatabase, kFirst, kProcess}};
  api.connects_to = {{kApi, kSecond, kProcess}};
  manifest.mappings = {{kFirst, kProcess, kDatabase, {}, "beef"},
                       {kSecond, kProcess, kApi, kDatabase, "cafe"}};
  manifest.snapshot_mappings = {{kFirst, kProcess, kDatabase, ComponentName("database")}};
  manifest.targets[kFirst].system = SystemName("x86_64-linux");
  Target& second = manifest.targets[kSecond];
  second.num_of_cores = 4;
  second.target_property = "address";
  second.client_interface = "disnix-ssh-client";
  second.properties = {{"address", Property::Kind::kText, "10.0.0.2", "\"10.0.0.2\""}};
  second.containers[kProcess] = {};
  manifest.profiles[kFirst] = {.derivation = StorePath("/nix/store/dddd-profile.drv"),
                               .path = StorePath("/nix/store/eeee-profile"),
                               .digest = "f00d"};
  return manifest;
}

std::vector<ItemBody> ItemBodies() {
  const ProfileName profile("default");
  return {BuildItem{.system = SystemName("x86_64-linux"),
                    .derivations = {{StorePath("/nix/store/x.drv"), StorePath("/nix/store/x")}}},
          TransferItem{.profile = profile,
                       .paths = {StorePath("/nix/store/x")},
                       .substituters = {"https://cache.example.org", "ssh://hub"}},
          LockItem{AcquireLease{.profile = profile, .lease_ms = 60'000, .switch_items = 3}},
          LockItem{ConfirmLease{}},
          LockItem{LockComponents{{SomeActivity(), SomeActivity()}}},
          UnlockItem{ReleaseLease{}},
          UnlockItem{UnlockComponents{{SomeActivity()}}},
          ActivateItem{SomeActivity()},
          DeactivateItem{SomeActivity()},
          SnapshotItem{SomeActivity()},
          RestoreItem{.activity = SomeActivity(), .snapshot = "process/api/1", .taken_by = {{7}}},
          DeleteStateItem{SomeActivity()},
          SetProfileItem{.profile = profile, .path = StorePath("/nix/store/p")},
          CollectItem{CollectItem::Scope::kGarbageAndOldGenerations},
          QueryItem{profile},
          TransferStateItem{.profile = profile,
                            .way = TransferStateItem::Way::kFromDepot,
                            .service_name = ServiceName("database"),
                            .container = kProcess,
                            .component = ComponentName("database-2"),
                            .from = kFirst,
                            .snapshot = "process/database/1",
                            .taken_by = {{3}, {4}}},
          QueryItem{.profile = profile, .what = QueryItem::What::kOffer},
          DiagnoseItem{.profile = profile,
                       .service_name = ServiceName("api"),
                       .container = kProcess,
                       .service = kApi,
                       .command = "ps aux",
                       .stream = 12,
                       .terminal = "xterm",
                       .rows = 25,
                       .columns = 80},
          TransferItem{.profile = profile,
                       .paths = {StorePath("/nix/store/x")},
                       .way = TransferItem::Way::kFromTarget},
          AdoptItem{AdoptItem::Way::kGiveUp, {SomeActivity(), SomeActivity()}},
          SnapshotItem{.activity = SomeActivity(), .part = SnapshotPart::kBase},
          SnapshotItem{.activity = SomeActivity(),
                       .part = SnapshotPart::kIncrement,
                       .base = "process/api/base-1",
                       .taken_by = {{2}}},
          TransferStateItem{.profile = profile,
                            .way = TransferStateItem::Way::kToDepot,
                            .service_name = ServiceName("api"),
                            .container = kProcess,
                            .component = ComponentName("api"),
                            .from = kFirst,
                            .snapshot = "process/api/base-1",
                            .taken_by = {},
                            .part = SnapshotPart::kBase}};
}

WorkItem SomeWorkItem() {
  const ItemBody body = ActivateItem{SomeActivity()};
  return {.id = SomeItemId(),
          .epoch = {5},
          .low_water = {2},
          .deadline_ms = 600'000,
          .body_hash = BodyHash(body),
          .body = body,
          .depot = {.endpoint = "tcp://10.0.0.1:7008",
                    .server_key = "depot-key",
                    .ticket = std::string(32, 't')},
          .takes_over = true};
}

ObjectInfo SomeStorePath() {
  return {.kind = ObjectKind::kStorePath,
          .name = "/nix/store/aaaa-api",
          .bytes = 1'000'000,
          .sha256 = std::string(32, 'h'),
          .references = {StorePath("/nix/store/bbbb-libc")},
          .deriver = StorePath("/nix/store/cccc-api.drv"),
          .content_address = "text:sha256:abcd"};
}

std::vector<Bulk> Bulks() {
  const ObjectInfo snapshot{.kind = ObjectKind::kSnapshot,
                            .name = "process/api/1",
                            .bytes = 4,
                            .sha256 = std::string(32, '\0')};
  return {{1, BulkOpen{.item = SomeItemId(),
                       .ticket = std::string(32, 't'),
                       .direction = BulkOpen::Direction::kPush,
                       .kind = ObjectKind::kSnapshot,
                       .names = {"process/api/1", "process/api/2"}}},
          {1, BulkList{.objects = {SomeStorePath(), snapshot}, .more = true}},
          {1, BulkWant{.objects = {0, 7}, .first_chunk = 3}},
          {1, BulkCredit{40}},
          {1, BulkChunk{.object = 7,
                        .number = 2,
                        .raw_bytes = 262'144,
                        .encoding = BulkChunk::Encoding::kZstd,
                        .end = true}},
          {1, BulkStored{7}},
          {1, BulkRefusal{BulkRefusal::Code::kNotFound, "no such path"}},
          {1, BulkClose{}}};
}

std::vector<Outcome> Outcomes() {
  std::vector<Outcome> all{{.verdict = Verdict::kSucceeded, .took_ms = 12},
                           {.verdict = Verdict::kFailed, .message = "no", .log_tail = "a\nb\n"}};
  for (int verdict = 0; verdict <= static_cast<int>(Verdict::kUnimplemented); ++verdict) {
    all.push_back({.verdict = static_cast<Verdict>(verdict)});
  }
  all[0].report = SnapshotReport{.snapshot = "process/api/1", .bytes = 9};
  all[2].report = TargetReport{.profile = StorePath("/nix/store/p"),
                               .mappings = {{.service_name = ServiceName("api"),
                                             .service = kApi,
                                             .container = kProcess,
                                             .digest = "beef",
                                             .package = StorePath("/nix/store/aaaa-api"),
                                             .state = ActiveMapping::State::kIndeterminate}},
                               .manifest = "{}"};
  all[3].report =
      BuildReport{.built = {StorePath("/nix/store/x")}, .failed = {StorePath("/nix/store/y")}};
  all[4].report = CollectReport{.freed_bytes = 4096};
  all[5].report = OfferReport{
      .system = SystemName("x86_64-linux"),
      .num_of_cores = 2,
      .properties = SomeActivity().properties,
      .containers = {{kProcess, {}}, {ContainerName("tables"), SomeActivity().properties}}};
  all[6].report = ShellReport{.exit_status = 130};
  return all;
}

Plan SomePlan() {
  Plan plan;
  plan.profile = ProfileName("default");
  plan.base = {2};
  plan.summary = {.activate = 3,
                  .deactivate = 2,
                  .bounced = 1,
                  .kept = 95,
                  .down = {ServiceName("api"), ServiceName("web")},
                  .state = {"the state of database moves"},
                  .left_out = {kSecond},
                  .in_doubt = {kSecond}};
  for (const ItemBody& body : ItemBodies()) {
    PlanItem& item = plan.items.emplace_back();
    const auto index = static_cast<std::uint32_t>(plan.items.size() - 1);
    item.phase = std::min(static_cast<PlanPhase>(index / 2), PlanPhase::kAfterCommit);
    item.stage = index / 3;
    item.body = body;
    item.queue = {.kind = index % 2 == 0 ? QueueName::Kind::kTarget : QueueName::Kind::kBuilder,
                  .name = "first"};
    if (index % 2 == 1) item.inverse = UnlockItem{ReleaseLease{}};
    if (index >= 2) item.after = {{index - 2}, {index - 1}};
    if (index == 3) item.deadline_ms = 1000;
  }
  return plan;
}

std::vector<Submission> Submissions() {
  const DeployOptions options{.migration = Migration::kForbidden,
                              .order = SwitchOrder::kOverlap,
                              .build_place = BuildPlace::kTargets,
                              .queueing = Queueing::kSupersedeQueued,
                              .old_state = OldState::kDelete,
                              .final_snapshots = FinalSnapshots::kSkip,
                              .pre_copy = PreCopy::kBases,
                              .state_from = {{ServiceName("database"), kFirst}, StateChoice{}},
                              .expected_plan_hash = "abcd",
                              .target_offline = TargetOffline::kSkip,
                              .wait_ms = 1,
                              .max_concurrent_transfers = 9,
                              .until = Until::kLock,
                              .repair = {{.target = kFirst,
                                          .found = Repair::Found::kForeign,
                                          .container = kProcess,
                                          .service = kApi,
                                          .digest = "beef",
                                          .profile = {}},
                                         {.target = kSecond,
                                          .found = Repair::Found::kProfile,
                                          .container = {},
                                          .service = {},
                                          .digest = {},
                                          .profile = StorePath("/nix/store/p")}}};
  const Submission plain{.id = SubmissionId("sub-1"), .profile = ProfileName("default")};
  std::vector<Submission> all(13, plain);
  all[0].options = options;
  all[0].author = "alice";
  all[0].action = DeployManifest{SomeManifest()};
  all[1].action = RollbackTo{{3}};
  all[2].action = Undeploy{};
  all[3].action = RetryTransaction{{7}};
  all[4].action = Operate{.body = QueryItem{ProfileName("default")}, .targets = {kFirst, kSecond}};
  all[5].action = Operate{.body = CollectItem{}, .targets = {}};
  all[6].action =
      Operate{.body = TransferItem{ProfileName("default"), {StorePath("/nix/store/a-tool")}},
              .targets = {kFirst}};
  all[7].action = AdoptManifest{SomeManifest()};
  all[8].action = DeleteGenerations{{{2}, {3}}};
  all[9].action =
      Operate{.body = QueryItem{ProfileName("default")}, .targets = {kFirst}, .takes_over = true};
  all[10].action = AdoptManifest{SomeManifest(), AdoptManifest::Origin::kForeign};
  all[11].action = UploadObjects{
      {{.info = SomeStorePath(),
        .pieces = {
            {.raw_bytes = 262'144, .encoding = BulkChunk::Encoding::kZstd, .bytes = "packed"},
            {.raw_bytes = 3, .bytes = "raw"}}}}};
  all[12].action = StateOperation{.job = StateOperation::Job::kMigrate,
                                  .which = {.service = ServiceName("db"),
                                            .container = ContainerName("postgresql-database"),
                                            .component = ComponentName("rooms"),
                                            .targets = {kFirst, kSecond}},
                                  .sources = {{.service = ServiceName("db"),
                                               .target = kFirst,
                                               .container = ContainerName("postgresql-database"),
                                               .snapshot = "postgresql-database/rooms/1"}},
                                  .generation = {3},
                                  .extent = StateOperation::Extent::kTransferOnly,
                                  .pace = StateOperation::Pace::kOneByOne,
                                  .keep = 2,
                                  .again = true,
                                  .older = true};
  return all;
}

std::vector<Event> Events() {
  const PublishedItem item{.index = {3}, .grade = {.attempt = 1}};
  const std::vector<EventBody> bodies{
      PlannerStarted{{5}},
      SubmissionAccepted{Submissions().front()},
      TransactionPlanned{.plan_hash = "abcd", .plan = SomePlan(), .next = SomeManifest()},
      PhaseEntered{.phase = TransactionPhase::kRollingBack, .why = "api: activate failed"},
      ItemsPublished{{item, {.index = {4}, .grade = SomeItemId().grade}}},
      ItemSettled{.item = item, .outcome = Outcomes().front()},
      CancelRequested{.author = "alice", .reason = "lunch"},
      TargetVerified{.target = kFirst,
                     .verdict = TargetVerified::Verdict::kDiffers,
                     .differences = {"profile"}},
      GenerationCommitted{.profile = ProfileName("default"), .generation = {3}},
      TransactionEnded{
          .result = TransactionResult::kStuck, .message = "refused", .locked_ms = 1300},
      RollbackResumed{"alice"},
      Abandoned{.author = "alice", .target = kSecond},
      PlannerSuperseded{{.epoch = {5}, .event = {6}, .transaction = {7}}},
      TransactionPaused{Until::kSwitch},
      TransactionResumed{.author = "alice", .until = Until::kEnd},
      GenerationsDeleted{.profile = ProfileName("default"),
                         .generations = {{{1}, {4}}, {{2}, {6}}}}};
  std::vector<Event> all;
  all.reserve(bodies.size());
  for (const EventBody& body : bodies) {
    all.push_back({.sequence = {all.size() + 1}, .at = {1234}, .transaction = {7}, .body = body});
  }
  return all;
}

std::vector<Header> Headers() {
  return {{.kind = MessageKind::kHeartbeat},
          {.kind = MessageKind::kPublish,
           .queue = "target.first",
           .item = SomeItemId(),
           .epoch = {5},
           .body_hash = 77,
           .event = {6}},
          {.kind = MessageKind::kRequest,
           .client = {9},
           .request = 11,
           .verb = RequestVerb::kAbandon,
           .author = "alice",
           .profiles = {"default", "other"}},
          {.kind = MessageKind::kRequest,
           .client = {9},
           .request = 12,
           .verb = RequestVerb::kGetBase,
           .targets = {"first"}},
          {.kind = MessageKind::kInquiry, .queue = "target.first", .client = {9}, .request = 13}};
}

Hello SomeHello() {
  return {.role = Role::kWorker,
          .name = "first",
          .instance = 42,
          .protocol_min = 1,
          .protocol_max = 2,
          .software = "0.1.0",
          .queues = {"target.first", "builder.x86_64-linux"},
          .journal = {1},
          .epoch = {2},
          .ledger = {3},
          .in_flight = {SomeItemId(), SomeItemId()},
          .event = {4},
          .transaction = {5},
          .starts = {{{1}, {7}}, {{2}, {8}}}};
}

std::vector<Reply> Replies() {
  TransactionStatus open = SomeStatus();
  open.result.reset();
  open.is_paused = true;
  std::vector<Reply> all;
  all.push_back({More::kMoreFollows, StatusReply{{SomeStatus(), open}}});
  all.push_back({More::kLast, OutlineReply{.transaction = {7}, .items = {kOutline}}});
  all.push_back({More::kLast, EventsReply{{Events()[0], Events()[4]}}});
  all.push_back(
      {More::kLast, GenerationsReply{{{.profile = ProfileName("default"),
                                       .generation = {3},
                                       .transaction = {7},
                                       .committed_at = {5},
                                       .author = "alice",
                                       .mappings = 2,
                                       .targets = 1,
                                       .standing = GenerationInfo::Standing::kCurrent}}}});
  all.push_back({More::kLast, ManifestReply{.generation = {3},
                                            .total_bytes = 5,
                                            .offset = 2,
                                            .bytes = std::string("\0\xff\x01", 3)}});
  all.push_back({More::kLast, TargetsReply{{{.queue = "target.first",
                                             .state = Presence::State::kConnected,
                                             .worker = "first",
                                             .software = "0.1.0",
                                             .since = {8},
                                             .leased_by = {7},
                                             .items_in_flight = 2,
                                             .vitals = SomeVitals(),
                                             .vitals_at = {9},
                                             .waiting_for = {"activate api"}},
                                            {.queue = "target.second"}}}});
  all.push_back(
      {More::kLast,
       LogsReply{{{.item = kOutline, .grade = SomeItemId().grade, .outcome = Outcomes()[1]}}}});
  all.push_back({More::kLast, DoneReply{.transaction = {7}, .message = "cancelled"}});
  all.push_back({More::kLast, ErrorReply{{ErrorCode::kNotFound, "no such transaction", "try"}}});
  all.push_back({More::kLast, LackingReply{{StorePath("/nix/store/cccc-api.drv")}}});
  return all;
}

std::vector<Coded> AllCoded() {
  std::vector<Coded> all;
  AddAll(all, "header", Headers());
  Add(all, "hello", SomeHello());
  Add(all, "welcome", Welcome{.boot = 1, .epoch = {2}, .journal = {3}, .session = {4}});
  Add(all, "bye",
      Bye{.reason = ByeReason::kSuperseded,
          .message = "newer",
          .seen = {.epoch = {5}, .event = {6}, .transaction = {7}}});
  Add(all, "fault",
      Fault{.code = Fault::Code::kBusy,
            .of = MessageKind::kPublish,
            .message = "full",
            .retry_after_ms = 500});
  Add(all, "credit", Credit{.items = 16});
  Add(all, "receipt", Receipt{.what = Receipt::What::kBusy, .retry_after_ms = 500});
  Add(all, "presence",
      Presence{.queue = "target.first",
               .state = Presence::State::kConnected,
               .worker = "first",
               .software = "0.1.0",
               .keys = {"first-key", "second-key"}});
  Add(all, "progress", Progress{"waiting for the old process"});
  Add(all, "vitals", SomeVitals());
  Add(all, "stream-piece",
      StreamPiece{.offset = 3,
                  .bytes = std::string("a\0b", 3),
                  .received = 4,
                  .is_last = true,
                  .has_left = true,
                  .rows = 25,
                  .columns = 80});
  Add(all, "outcome-ack", OutcomeAck{AckScope::kUnknownItem});
  Add(all, "submit-chunk",
      SubmitChunk{.id = SubmissionId("sub-1"),
                  .total_bytes = 7,
                  .sha256 = "abcd",
                  .offset = 4,
                  .bytes = std::string("\0\x01\x02", 3)});
  Add(all, "submit-reply",
      SubmitReply{.what = SubmitReply::What::kKnown,
                  .id = SubmissionId("sub-1"),
                  .offset = 7,
                  .transaction = {7},
                  .message = "known",
                  .retry_after_ms = 1});
  Add(all, "submission-taken",
      SubmissionTaken{.id = SubmissionId("sub-1"), .transaction = {7}, .refused = "invalid"});
  Add(all, "request",
      Request{.transaction = {{7}, SubmissionId("sub-1")},
              .profile = ProfileName("default"),
              .generation = {3},
              .from = {12},
              .item = {4},
              .target = kFirst,
              .limit = 10,
              .reason = "lunch",
              .until = Until::kSwitch,
              .paths = {StorePath("/nix/store/cccc-api.drv")}});
  AddAll(all, "reply", Replies());
  AddAll(all, "item-body", ItemBodies());
  AddAll(all, "outcome", Outcomes());
  AddAll(all, "event", Events());
  Add(all, "manifest", SomeManifest());
  Add(all, "plan", SomePlan());
  AddAll(all, "submission", Submissions());
  AddAll(all, "bulk", Bulks());
  return all;
}

}  // namespace eris::samples
