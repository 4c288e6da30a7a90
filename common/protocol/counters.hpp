// What a server has done, counted where it happens. Each Counters has one writer (a worker, a
// thread, a loop); anyone may read while it writes, and sums are taken by the reader. It is plain
// memory without pointers, so prefork keeps it in memory shared between processes.
#pragma once

#include <atomic>
#include <cstdint>

namespace echotrio::protocol {

// A counter with a single writer: a plain load and store, no locked instruction.
class Count {
  public:
    void add(std::uint64_t n = 1) noexcept {
        value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
    std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }
    // For the one who inherits the counter of a writer that died.
    void set(std::uint64_t n) noexcept { value_.store(n, std::memory_order_relaxed); }

  private:
    std::atomic<std::uint64_t> value_{0};
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

// A request is counted when its reply is made, before it is sent: a client that holds the reply
// finds it counted. In raw echo each read that is echoed is one request (a stream has no messages).
struct Counters {
    Count opened;        // connections that a session served or is serving
    Count closed;        // of those, the ones that ended; now = opened - closed
    Count refused;       // connections turned away: --max-connections, threads or descriptors out
    Count requests;      // replies made, errors included
    Count bytes_in;      // received
    Count bytes_out;     // handed over for sending
    Count bad_requests;  // the peer broke the protocol (a 4xx or 5xx of ours, or closed)
    Count timeouts;      // idle, request or send time ran out
    Count resets;        // the connection broke: reset, broken pipe
};

}  // namespace echotrio::protocol
