// The sockets of a generator thread, in one epoll set: connecting, resting after failures, closing;
// the idle connections; what the system refused. It knows nothing of requests.
//
// A socket is registered once, edge-triggered, for all that may happen to it.
#pragma once

#include "common/base/clock.hpp"
#include "common/net/fd.hpp"
#include "loadgen/engine/prepared.hpp"
#include "loadgen/schedule/schedule.hpp"

#include <cstdint>
#include <vector>

namespace echotrio::loadgen {

// A place for a socket and the one that is in it.
struct Socket {
    enum class State : std::uint8_t {
        closed,
        connecting,
        open,
        resting,  // failed again and again: closed until `rested_at`
    };

    net::Fd fd;
    std::uint32_t generation = 0;  // of the sockets in this place; a new one after each close
    State state = State::closed;
    std::uint8_t failures = 0;  // sockets in a row that gave no reply
    TimePoint rested_at;

    bool open() const { return state == State::open; }
};

// What an event carries: the place, and which of its sockets is meant. An event that was fetched
// before its socket was replaced says nothing about the new one.
struct SocketId {
    std::uint32_t index = 0, generation = 0;

    static SocketId unpack(std::uint64_t data) {
        return {static_cast<std::uint32_t>(data), static_cast<std::uint32_t>(data >> 32U)};
    }
    std::uint64_t packed() const { return std::uint64_t{generation} << 32U | index; }
    bool names(const Socket& socket) const { return generation == socket.generation; }
};

struct SocketCounts {
    std::uint64_t opened = 0;  // without the idle ones
    std::uint64_t idle_lost = 0;
    // Of all that were not connected, idle ones too.
    std::uint64_t connect_errors = 0, out_of_ports = 0, out_of_descriptors = 0;
};

class Sockets {
  public:
    // Indices from `first_idle` on are this one's own `idle` places. `prepared` must outlive it.
    Sockets(const Prepared& prepared, Share share, std::uint64_t first_idle, std::uint64_t idle);

    // Before all else, once. 0 or an errno.
    int create_epoll();
    int epoll() const { return epoll_.get(); }

    // Sets out to connect a closed socket. 0 or an errno; after 0 it is connecting or open.
    int open(Socket& socket, std::uint32_t index);
    // What became of a connecting one, once it had an event: open after 0, else closed.
    int decided(Socket& socket);
    // `answered`: it brought a reply, so it ends the failures in a row.
    void close(Socket& socket, bool answered);
    // Leaves a closed one alone for a time that doubles with every failure in a row.
    void rest(Socket& socket, TimePoint now);
    // True: it has rested enough, and is closed again.
    bool rested(Socket& socket, TimePoint now);

    std::uint64_t idle() const { return idle_.size(); }
    void open_idle(std::uint32_t index);
    void idle_event(SocketId id, std::uint32_t events);
    std::uint64_t idle_open() const;

    const SocketCounts& counts() const { return counts_; }
    int last_error() const { return last_error_; }            // of a connect; 0 = there was none
    std::uint64_t connecting() const { return connecting_; }  // idle ones too
    std::uint64_t resting() const { return resting_; }
    std::uint64_t syscalls() const { return syscalls_; }

  private:
    int connect(Socket& socket, std::uint32_t index);
    int conclude(Socket& socket);
    int failed(int error);

    const Prepared& prepared_;
    const Share share_;
    const std::uint64_t first_idle_;
    std::vector<Socket> idle_;
    net::Fd epoll_;
    std::uint64_t next_source_ = 0;
    std::uint64_t connecting_ = 0;
    std::uint64_t resting_ = 0;
    std::uint64_t syscalls_ = 0;
    int last_error_ = 0;
    SocketCounts counts_;
};

}  // namespace echotrio::loadgen
