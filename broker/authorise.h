// Who may do what (design §9): pure questions about a key's grant. Deny by default.
#pragma once

#include <optional>
#include <string>

#include "schema/base/error.h"
#include "schema/values/key_grant.h"
#include "schema/values/message.h"
#include "schema/values/plan.h"
#include "schema/values/submission.h"

namespace eris {

// Whether a peer of this role may send messages of this kind at all.
bool RoleMaySend(Role role, MessageKind kind);

// The level that a request needs; none for a verb that this version does not know.
std::optional<KeyLevel> LevelOf(RequestVerb verb);

// kInvalid, with a message for the client, when the grant does not cover what the hello claims.
Status AuthoriseHello(const KeyGrant& grant, const Hello& hello);

// Whether the key may have shells where the queue is served: that of a target only, and never
// because of its level.
bool MayDiagnose(const KeyGrant& grant, const QueueName& queue);

// Whether the key may ask the worker of the queue what runs there, by an inquiry: that of a target
// only, as by the operation `query`.
bool MayInquire(const KeyGrant& grant, const QueueName& queue);

// Profile, targets and level of what is submitted.
Status AuthoriseSubmission(const KeyGrant& grant, const Submission& submission);

}  // namespace eris
