// What a client and a worker say to each other directly: bytes in both directions (DiagnoseItem).
#pragma once

#include <cstdint>
#include <string>

namespace eris {

// A piece of them, in either direction. Pieces may be lost and come again
// (broker/link/stream_end.h).
struct StreamPiece {
  std::uint64_t offset = 0;    // of `bytes` in what the sender has to say
  std::string bytes;           // at most limits::kStreamPieceBytes
  std::uint64_t received = 0;  // how much the sender has of the other's; the end counts as one more
  bool is_last = false;        // nothing comes behind `bytes`
  bool has_left = false;       // of a client: it is not there any more
  std::uint16_t rows = 0;      // of a client: of its terminal; 0 = it has none
  std::uint16_t columns = 0;
  bool operator==(const StreamPiece&) const = default;
};

}  // namespace eris
