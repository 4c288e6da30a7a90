// What the generator keeps for a connection, and the queue of those that can take a request.
#pragma once

#include "common/base/check.hpp"
#include "common/base/clock.hpp"
#include "common/net/fd.hpp"
#include "loadgen/engine/reply.hpp"

#include <cstdint>
#include <limits>
#include <vector>

namespace echotrio::loadgen {

// A request on its way.
struct Request {
    TimePoint intended, sent;
    std::uint32_t offset = 0;  // raw: where its bytes begin in the pattern
    std::uint16_t request_class = 0;
    bool last = false;  // HTTP: it asks the server to close
};

// One of the -c slots. It outlives its socket: after an error or a churned connection the next
// socket takes its place. Its requests are in a ring of `pipeline` places that the worker owns.
struct Connection {
    static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

    enum class State : std::uint8_t {
        closed,      // no socket; the next request opens one
        connecting,  // requests that it has wait for the socket
        open,
        resting,  // failed again and again: waits until `due`
    };

    net::Fd fd;
    State state = State::closed;
    bool queued = false;        // in the ReadyQueue
    bool closing = false;       // the server said that it closes after this reply
    std::uint8_t failures = 0;  // sockets in a row that gave no reply
    std::uint32_t next = kNone, previous = kNone;  // ReadyQueue
    std::uint32_t first = 0;                       // place of the oldest request in the ring
    std::uint32_t in_flight = 0;
    std::uint32_t unwritten = 0;  // of those, the newest ones that are not yet with the kernel
    std::uint32_t begun = 0;      // requests begun on this socket
    std::uint64_t written = 0;    // bytes of the first unwritten request
    std::uint64_t received = 0;   // raw: bytes of the oldest request's reply
    std::uint64_t replies = 0;    // of the slot
    TimePoint due;                // when its think time or rest is over
    ReplyReader reader;           // http
};

// First in, first out, by index; an entry can be taken out of the middle.
class ReadyQueue {
  public:
    explicit ReadyQueue(std::vector<Connection>& connections) : connections_(connections) {}

    bool empty() const { return first_ == Connection::kNone; }
    std::uint32_t front() const { return first_; }

    void push(std::uint32_t index) {
        Connection& c = connections_[index];
        CHECK(!c.queued);
        c.queued = true;
        c.next = Connection::kNone;
        c.previous = last_;
        (last_ == Connection::kNone ? first_ : connections_[last_].next) = index;
        last_ = index;
    }
    void remove(std::uint32_t index) {
        Connection& c = connections_[index];
        if (!c.queued) return;
        c.queued = false;
        (c.previous == Connection::kNone ? first_ : connections_[c.previous].next) = c.next;
        (c.next == Connection::kNone ? last_ : connections_[c.next].previous) = c.previous;
    }
    std::uint32_t pop() {
        const std::uint32_t index = first_;
        remove(index);
        return index;
    }

  private:
    std::vector<Connection>& connections_;
    std::uint32_t first_ = Connection::kNone;
    std::uint32_t last_ = Connection::kNone;
};

}  // namespace echotrio::loadgen
