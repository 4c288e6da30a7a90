// A heap as an interpreter has one: filled before the workers are forked, so that all of them share
// its pages until one writes to a page. Which they do though they mean to read: a reference count
// lies in the object that it counts. So worker by worker the heap is copied, and what copy-on-write
// had saved is lost.
//
// Here a worker writes to one word of a page, and to so many pages with each read that brings
// something, of a request or of raw echo, that after kReads of them it has dirtied its share.
#pragma once

#include "common/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace echotrio::prefork {

class Heap {
  public:
    static constexpr std::size_t kReads = 100;

    // Holds `bytes`, rounded up to whole pages; of small ones, so that a write copies 4 KiB and not
    // a huge page. `share`: how much of it a worker dirties, 0 to 1. Error: there is not so much
    // memory.
    static Result<Heap> create(std::uint64_t bytes, double share);

    // For a worker, with each such read: dirties the next part of its share, until that is done.
    void touch() noexcept {
        if (next_ != end_) touch_part();
    }

  private:
    struct Unmap {
        std::size_t bytes;
        void operator()(char* memory) const noexcept;
    };

    Heap() = default;
    void touch_part() noexcept;

    std::unique_ptr<char, Unmap> memory_;
    char* next_ = nullptr;  // of the share, what is not dirty yet
    char* end_ = nullptr;
    std::size_t page_ = 0;
    std::size_t part_ = 0;  // bytes
};

}  // namespace echotrio::prefork
