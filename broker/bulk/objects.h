// What travels through a depot, seen from either end: objects of one kind that stand on a *shelf*,
// each of them a stream of bytes. The protocol (schema/depot.capnp), its flow control and its ends
// (planner/depot, worker/depot_client) know nothing else of store paths or snapshots; a new kind of
// object is a new Shelf.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "schema/base/error.h"
#include "schema/values/depot.h"

namespace eris::bulk {

// The bytes of one object, in order, once. Destroying it ends it early; not from within a handler.
class ObjectSource {
 public:
  struct Handlers {
    std::function<void(std::string_view bytes)> on_bytes;
    std::function<void(Status)> on_end;  // once: all bytes were handed out, or why not
  };
  virtual ~ObjectSource() = default;
  // Once. Never blocks; handlers are called from the loop.
  virtual void Start(Handlers handlers) = 0;
  // Nothing more is wanted for now. What is under way may still come.
  virtual void Pause() = 0;
  virtual void Resume() = 0;
};

// Where the bytes of one object go. Destroying it before Finish has succeeded leaves nothing behind
// that could be taken for the object; not from within a handler.
class ObjectSink {
 public:
  virtual ~ObjectSink() = default;
  // Called by the sink when Backlog() has become 0 again.
  virtual void OnRoom(std::function<void()> on_room) = 0;
  // kInvalid: these bytes cannot be the object's. Never blocks.
  virtual Status Write(std::string_view bytes) = 0;
  // Bytes that were taken and not passed on yet; the caller waits while it is large.
  virtual std::size_t Backlog() const = 0;
  // After the last byte: verifies them, makes the object durable, tells.
  virtual void Finish(std::function<void(Status)> on_end) = 0;
  // After Finish, before it has told: a sink for the object after this one, which is durable after
  // it and may refer to it. Empty: that has to wait.
  virtual std::unique_ptr<ObjectSink> Follow(const ObjectInfo&) { return nullptr; }
};

// All objects of one kind at one end. Owned by that end's shell; uses its loop and never blocks;
// answers come from the loop, once each, unless the shelf is destroyed first.
class Shelf {
 public:
  template <typename Value>
  using Answer = std::function<void(Result<Value>)>;

  virtual ~Shelf() = default;
  // The objects that whoever wants `names` needs, each after those that it refers to. kNotFound
  // when one of the names is not here.
  virtual void List(const std::vector<std::string>& names,
                    Answer<std::vector<ObjectInfo>> answer) = 0;
  // Positions of those objects that are not here, in the order of the list. What is here stays,
  // whatever the garbage collector does, as long as the shelf lives.
  virtual void Lacking(const std::vector<ObjectInfo>& objects,
                       Answer<std::vector<std::uint32_t>> answer) = 0;
  // Of an object that is lacking, after Lacking has answered: chunks before this one have come
  // already, and a sink goes on there.
  virtual std::uint32_t FirstChunk(const ObjectInfo&) const { return 0; }
  virtual Result<std::unique_ptr<ObjectSource>> Open(const ObjectInfo& object) = 0;
  virtual Result<std::unique_ptr<ObjectSink>> Create(const ObjectInfo& object) = 0;
};

}  // namespace eris::bulk
