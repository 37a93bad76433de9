#include "broker/bulk/chunk.h"

#include <zstd.h>

#include <algorithm>
#include <utility>

#include "schema/base/check.h"

namespace eris::bulk {
namespace {

// Faster than the link's encryption, and within 10 % of the size that the default level reaches.
constexpr int kLevel = 1;

}  // namespace

ChunkMaker::ChunkMaker(std::uint32_t first_chunk)
    : context_(ZSTD_createCCtx()), first_chunk_(first_chunk) {
  ERIS_CHECK(context_ != nullptr, "out of memory");
}

ChunkMaker::~ChunkMaker() { ZSTD_freeCCtx(context_); }

void ChunkMaker::Add(std::string_view bytes, std::vector<SharedChunk>& chunks) {
  while (!bytes.empty()) {
    // A full chunk is made when more comes: only then it is known not to be the last.
    if (raw_.size() == limits::kBulkChunkBytes) {
      if (SharedChunk chunk = Make(false)) chunks.push_back(std::move(chunk));
    }
    const std::size_t take = std::min(limits::kBulkChunkBytes - raw_.size(), bytes.size());
    raw_.append(bytes.substr(0, take));
    bytes.remove_prefix(take);
  }
}

SharedChunk ChunkMaker::Finish() {
  first_chunk_ = std::min(first_chunk_, number_);
  return Make(true);
}

SharedChunk ChunkMaker::Make(bool end) {
  const std::uint32_t number = number_++;
  if (number < first_chunk_) {
    raw_.clear();
    return nullptr;
  }
  auto chunk = std::make_shared<Chunk>();
  chunk->header = {.object = 0,
                   .number = number,
                   .raw_bytes = static_cast<std::uint32_t>(raw_.size()),
                   .encoding = BulkChunk::Encoding::kZstd,
                   .end = end};
  scratch_.resize(ZSTD_compressBound(raw_.size()));
  const std::size_t size = ZSTD_compressCCtx(context_, scratch_.data(), scratch_.size(),
                                             raw_.data(), raw_.size(), kLevel);
  if (ZSTD_isError(size) != 0 || size >= raw_.size()) {
    chunk->header.encoding = BulkChunk::Encoding::kPlain;
    chunk->bytes = raw_;
  } else {
    chunk->bytes.assign(scratch_, 0, size);
  }
  raw_.clear();
  return chunk;
}

ChunkOpener::ChunkOpener() : context_(ZSTD_createDCtx()) {
  ERIS_CHECK(context_ != nullptr, "out of memory");
}

ChunkOpener::~ChunkOpener() { ZSTD_freeDCtx(context_); }

Result<std::string_view> ChunkOpener::Open(const BulkChunk& header, std::string_view bytes) {
  if (header.raw_bytes > limits::kBulkChunkBytes) {
    return Fail(ErrorCode::kInvalid, "a chunk is larger than chunks may be");
  }
  if (header.encoding == BulkChunk::Encoding::kPlain) {
    if (bytes.size() == header.raw_bytes) return bytes;
    return Fail(ErrorCode::kInvalid, "a chunk is not as long as it says");
  }
  raw_.resize(header.raw_bytes);
  const std::size_t size =
      ZSTD_decompressDCtx(context_, raw_.data(), raw_.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(size) != 0 || size != raw_.size()) {
    return Fail(ErrorCode::kInvalid, "a chunk that cannot be decompressed to what it says");
  }
  return std::string_view(raw_);
}

}  // namespace eris::bulk
