// The memory in which a scoreboard lies, at a cache line: shared with the processes that are forked
// later; or, for one process alone, on the heap.
#pragma once

#include "common/base/result.hpp"

#include <cstddef>
#include <memory>
#include <utility>

namespace echotrio::supervise {

inline constexpr std::size_t kCacheLine = 64;

constexpr std::size_t whole_lines(std::size_t bytes) {
    return (bytes + kCacheLine - 1) / kCacheLine * kCacheLine;
}

class SlotMemory {
  public:
    // Before the first fork. Error: no memory.
    static Result<SlotMemory> shared(std::size_t bytes);
    static SlotMemory alone(std::size_t bytes);

    std::byte* data() const noexcept { return static_cast<std::byte*>(memory_.get()); }

  private:
    struct Release {
        std::size_t mapped = 0;  // bytes; 0: it is on the heap
        void operator()(void* memory) const noexcept;
    };
    explicit SlotMemory(std::unique_ptr<void, Release> memory) : memory_(std::move(memory)) {}

    std::unique_ptr<void, Release> memory_;
};

}  // namespace echotrio::supervise
