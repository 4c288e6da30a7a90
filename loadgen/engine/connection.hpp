// What the generator keeps for a connection, and the queue of those that can take a request.
#pragma once

#include "common/base/check.hpp"
#include "common/base/clock.hpp"
#include "common/net/fd.hpp"
#include "loadgen/engine/reply.hpp"

#include <cstdint>

namespace echotrio::loadgen {

// A request on its way.
struct Request {
    TimePoint intended, sent;
    std::uint32_t offset = 0;  // raw: where its bytes begin in the pattern
    std::uint16_t request_class = 0;
    bool last = false;  // HTTP: it asks the server to close
};

// One of the -c slots. It outlives its socket: after an error or a churned connection the next
// socket takes its place.
struct Connection {
    enum class State : std::uint8_t {
        closed,      // no socket; the next request opens one
        connecting,  // requests that it has wait for the socket
        open,
        resting,  // failed again and again: waits until `due`
    };

    Request* ring = nullptr;                          // `pipeline` places, which the worker owns
    Connection *next = nullptr, *previous = nullptr;  // ReadyQueue
    net::Fd fd;
    State state = State::closed;
    bool queued = false;        // in the ReadyQueue
    bool closing = false;       // the server said that it closes after this reply
    std::uint8_t failures = 0;  // sockets in a row that gave no reply
    std::uint32_t first = 0;    // place of the oldest request in the ring
    std::uint32_t in_flight = 0;
    std::uint32_t unwritten = 0;  // of those, the newest ones that are not yet with the kernel
    std::uint32_t begun = 0;      // requests begun on this socket
    std::uint64_t written = 0;    // bytes of the first unwritten request
    std::uint64_t received = 0;   // raw: bytes of the oldest request's reply
    std::uint64_t replies = 0;    // of the slot
    TimePoint due;                // when its think time or rest is over
    ReplyReader reader;           // http
};

// First in, first out; an entry can be taken out of the middle. The connections must stay where
// they are.
class ReadyQueue {
  public:
    bool empty() const { return first_ == nullptr; }
    Connection& front() const { return *first_; }

    void push(Connection& c) {
        CHECK(!c.queued);
        c.queued = true;
        c.next = nullptr;
        c.previous = last_;
        (last_ == nullptr ? first_ : last_->next) = &c;
        last_ = &c;
    }
    void remove(Connection& c) {
        if (!c.queued) return;
        c.queued = false;
        (c.previous == nullptr ? first_ : c.previous->next) = c.next;
        (c.next == nullptr ? last_ : c.next->previous) = c.previous;
    }
    Connection& pop() {
        Connection& c = *first_;
        remove(c);
        return c;
    }

  private:
    Connection* first_ = nullptr;
    Connection* last_ = nullptr;
};

}  // namespace echotrio::loadgen
