// Cutting an object into chunks and putting it together again. Every chunk is compressed by itself
// (one zstd frame): so it can be shared among receivers, resumed at, and is bounded on both ends.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "schema/base/error.h"
#include "schema/values/depot.h"

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace eris::bulk {

// `header.object` is filled in for each receiver.
struct Chunk {
  BulkChunk header;
  std::string bytes;
};
// Shared: by the read that made it and by all receivers that it has not been sent to yet.
using SharedChunk = std::shared_ptr<const Chunk>;

// Cuts one object; one use.
class ChunkMaker {
 public:
  // Chunks before `first_chunk` are left out.
  explicit ChunkMaker(std::uint32_t first_chunk);
  ~ChunkMaker();
  ChunkMaker(const ChunkMaker&) = delete;
  ChunkMaker& operator=(const ChunkMaker&) = delete;

  // Appends to `chunks` what is complete.
  void Add(std::string_view bytes, std::vector<SharedChunk>& chunks);
  // The last chunk, which may be empty.
  SharedChunk Finish();

 private:
  SharedChunk Make(bool end);

  ZSTD_CCtx_s* context_;
  std::uint32_t number_ = 0;
  std::uint32_t first_chunk_;
  std::string raw_;
  std::string scratch_;
};

// Owned by a receiver; for any number of objects.
class ChunkOpener {
 public:
  ChunkOpener();
  ~ChunkOpener();
  ChunkOpener(const ChunkOpener&) = delete;
  ChunkOpener& operator=(const ChunkOpener&) = delete;

  // The bytes of the object; valid until the next call. kInvalid when they are not what the header
  // says.
  Result<std::string_view> Open(const BulkChunk& header, std::string_view bytes);

 private:
  ZSTD_DCtx_s* context_;
  std::string raw_;
};

}  // namespace eris::bulk
