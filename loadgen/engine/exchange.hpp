// What is in flight on one connection: the ring of its requests, and how far the bytes have come at
// both ends. Without I/O.
#pragma once

#include "common/base/check.hpp"
#include "common/base/clock.hpp"
#include "loadgen/engine/reply.hpp"
#include "loadgen/schedule/recording.hpp"

#include <cstdint>
#include <span>

namespace echotrio::loadgen {

// A request on its way.
struct Request {
    TimePoint intended, sent;
    RecordedRequest what;      // its class or, in a replay, its resource; bytes of message or body
    std::uint32_t offset = 0;  // raw: where its bytes begin in the pattern
    std::uint16_t request_class = 0;
    bool last = false;  // HTTP: it asks the server to close
};

// Requests of which the replies are still to come, oldest first. unwritten() <= size() <= places.
class RequestRing {
  public:
    RequestRing() = default;
    explicit RequestRing(std::span<Request> places)  // which must outlive this
        : places_(places.data()), room_(static_cast<std::uint32_t>(places.size())) {}

    std::uint32_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    bool full() const { return size_ == room_; }
    // The k-th, 0 = the oldest. Precondition: k < size().
    const Request& operator[](std::uint32_t k) const { return places_[place(k)]; }
    const Request& oldest() const { return places_[first_]; }

    void push(const Request& request) {
        CHECK(!full());
        places_[place(size_)] = request;
        ++size_;
        ++unwritten_;
    }
    // Takes the oldest away, written or not.
    void pop() {
        CHECK(!empty());
        first_ = place(1);
        if (unwritten_ == size_--) {
            --unwritten_;
            written_ = 0;
        }
    }

    // The newest ones that are not wholly with the kernel, and how much of the first of them is.
    std::uint32_t unwritten() const { return unwritten_; }
    std::uint64_t written() const { return written_; }
    std::uint32_t first_unwritten() const { return size_ - unwritten_; }  // its k
    // All of them have to be written again, to another socket, of which none is the last request.
    void rewind() {
        unwritten_ = size_;
        written_ = 0;
        for (std::uint32_t k = 0; k < size_; ++k) places_[place(k)].last = false;
    }
    // The kernel took so many bytes more; size_of(request) is a request's length.
    template <class SizeOf>
    void wrote(std::uint64_t bytes, SizeOf size_of) {
        for (written_ += bytes; unwritten_ > 0; --unwritten_) {
            const std::uint64_t size = size_of((*this)[first_unwritten()]);
            if (written_ < size) return;
            written_ -= size;
        }
    }

  private:
    std::uint32_t place(std::uint32_t k) const {
        const std::uint32_t at = first_ + k;
        return at < room_ ? at : at - room_;
    }

    Request* places_ = nullptr;
    std::uint32_t room_ = 0;
    std::uint32_t first_ = 0;  // place of the oldest
    std::uint32_t size_ = 0;
    std::uint32_t unwritten_ = 0;
    std::uint64_t written_ = 0;
};

struct Exchange {
    RequestRing ring;
    bool closing = false;        // the server said that it closes after this reply
    bool answered = false;       // this socket brought a reply
    std::uint32_t begun = 0;     // requests begun on this socket
    std::uint64_t received = 0;  // raw: bytes of the oldest request's reply
    std::uint64_t replies = 0;   // over all sockets
    ReplyReader reader;          // http

    // Another socket takes over, and what is in flight with it: the server has said that it would
    // not answer that here.
    void restart() {
        ring.rewind();
        closing = false;
        answered = false;
        begun = ring.size();
        received = 0;
        reader.reset();
    }
};

}  // namespace echotrio::loadgen
