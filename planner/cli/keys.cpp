// `eris key`: key pairs and what they may do, in files of this machine. The broker notices changes
// by itself.
#include "broker/link/key_file.h"
#include "planner/cli/commands.h"
#include "planner/cli/json_text.h"
#include "planner/cli/lists.h"
#include "schema/base/files.h"
#include "state/keyring.h"

namespace eris::cli {
namespace {

std::string KeysDir(const std::string& given, const Context& context) {
  return given.empty() ? context.surroundings.config_dir + "/keys" : given;
}

// A key's text, or the file of a key pair: its public half.
Result<std::string> PublicKeyText(const std::string& text) {
  if (const Result<link::PublicKey> key = link::PublicKey::FromText(text)) return key->ToText();
  if (!FileExists(text)) {
    return Fail(ErrorCode::kInvalid, "'" + text + "' is neither a public key nor a key file",
                "`eris key generate FILE` makes one and prints its public key");
  }
  ERIS_ASSIGN(const link::CurveKeys keys, link::ReadKeyFile(text));
  return keys.public_key.ToText();
}

}  // namespace

Result<ExitCode> RunKeyGenerate(const KeyGenerateCommand& command, Context& context) {
  ERIS_ASSIGN(const link::CurveKeys keys, link::GenerateKeys());
  ERIS_TRY(link::WriteKeyFile(command.file, keys));
  context.output.Print(keys.public_key.ToText() + "\n");
  return ExitCode::kDone;
}

Result<ExitCode> RunKeyAuthorize(const KeyAuthorizeCommand& command, Context& context) {
  AuthorizedKey key{.public_key = {}, .grant = command.grant};
  ERIS_ASSIGN(key.public_key, PublicKeyText(command.public_key));
  ERIS_TRY(Authorize(KeysDir(command.keys_dir, context), key));
  context.output.Say("'" + key.grant.name + "' may act as " +
                     std::string(ToString(key.grant.role)));
  return ExitCode::kDone;
}

Result<ExitCode> RunKeyList(const KeyListCommand& command, Context& context) {
  ERIS_ASSIGN(const Keyring keyring, Keyring::Load(KeysDir(command.keys_dir, context)));
  std::vector<NamedKey> keys;
  for (const AuthorizedKey& key : keyring.List()) keys.push_back({key.public_key, key.grant});
  context.output.Print(context.output.json() ? ToJson(keys) : KeysText(keys));
  for (const Error& problem : keyring.problems()) context.output.Problem(problem);
  return ExitCode::kDone;
}

Result<ExitCode> RunKeyRevoke(const KeyRevokeCommand& command, Context& context) {
  ERIS_TRY(Revoke(KeysDir(command.keys_dir, context), command.name));
  context.output.Say("'" + command.name + "' is shut out");
  return ExitCode::kDone;
}

}  // namespace eris::cli
