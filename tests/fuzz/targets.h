// What is fuzzed: each entry point takes any bytes whatsoever, must not crash, hang or read beyond
// them, and aborts when what it accepts does not survive being written and read again. Run by
// libFuzzer (scripts/fuzz) and, over the corpus, by an ordinary test.
#pragma once

#include <array>
#include <string_view>

namespace eris::fuzz {

// The first byte chooses the type that the rest is decoded as.
void Decoders(std::string_view input);
// A frame from a socket: its batch, headers and bodies.
void Frames(std::string_view input);
// A manifest as `eris deploy -D` reads it, what Nix prints of models, and the profiles of Disnix.
void ManifestReader(std::string_view input);
// Dysnomia's files of assignments, and the command lines in them.
void ContainerFile(std::string_view input);
// client.toml, and every other configuration: one reader.
void Configuration(std::string_view input);

// What comes into a Nix store from outside; the first byte chooses which reader.
void StoreObjects(std::string_view input);

struct Target {
  std::string_view name;  // also of its folder below tests/fuzz/corpus
  void (*run)(std::string_view input);
};
inline constexpr std::array<Target, 6> kTargets = {{{"decoders", Decoders},
                                                    {"frames", Frames},
                                                    {"manifest", ManifestReader},
                                                    {"container_file", ContainerFile},
                                                    {"configuration", Configuration},
                                                    {"store", StoreObjects}}};

}  // namespace eris::fuzz
