// One of the -c slots, and the queue of those that can take a request.
#pragma once

#include "common/base/check.hpp"
#include "common/base/clock.hpp"
#include "loadgen/engine/exchange.hpp"
#include "loadgen/engine/sockets.hpp"

namespace echotrio::loadgen {

// It outlives its socket: after an error or a churned connection the next socket takes its place.
struct Connection {
    Socket socket;
    Exchange exchange;
    Connection *next = nullptr, *previous = nullptr;  // ReadyQueue
    bool queued = false;                              // in it
    TimePoint due;                                    // when its think time is over
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
