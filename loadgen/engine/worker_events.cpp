// What an event does to a connection of a generator thread: its socket and its requests, joined.
#include "loadgen/engine/worker.hpp"

namespace echotrio::loadgen {

// Each event brings a new reading of the clock, so that the turn needs none of its own.
void Worker::handle(const epoll_event& event) {
    const SocketId id = SocketId::unpack(event.data.u64);
    if (id.index >= connections_.size()) {
        now_ = now();
        sockets_.idle_event(id, event.events);
        return;
    }
    Connection& c = connections_[id.index];
    if (!id.names(c.socket)) [[unlikely]] {
        now_ = now();
    } else if (c.socket.state == Socket::State::connecting) {
        now_ = now();
        if (sockets_.decided(c.socket) != 0) {
            connect_failed(c);
            return;
        }
        // One event may say both: that edge does not come again.
        if (const auto more = event.events & ~static_cast<std::uint32_t>(EPOLLOUT); more != 0) {
            readable(c, event.events);
            if (!id.names(c.socket)) return;
        }
        if (c.exchange.ring.unwritten() > 0) {
            write(c);
        } else {
            available(c);
        }
    } else {
        if ((event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) {
            readable(c, event.events);
        } else {
            now_ = now();
        }
        if (c.exchange.ring.unwritten() > 0 && c.socket.open()) write(c);
    }
}

inline void Worker::readable(Connection& c, std::uint32_t events) {
    const bool ending = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    const std::uint32_t generation = c.socket.generation;
    for (bool again = true; again && c.socket.generation == generation;) {
        const Requests::Received received =
            requests_.receive(c.socket.fd.get(), c.exchange, ending, now_);
        go_on_after(c, received.after);
        again = received.again;
    }
}

inline void Worker::go_on_after(Connection& c, Requests::After after) {
    switch (after) {
        case Requests::After::nothing:
            return;
        case Requests::After::room:
            available(c);
            return;
        case Requests::After::used_up:
            replace(c, false);
            return;
        case Requests::After::broken:
            replace(c, true);
            return;
    }
}

// The connection has room: it queues for the schedule, thinks, or goes on at once.
void Worker::available(Connection& c) {
    if (!started()) return;
    if (demand_.scheduled()) {
        if (!c.queued && may_begin(c)) queue(c);
    } else if (thinks_) {
        if (c.queued || !c.exchange.ring.empty()) return;
        c.due = now_ + options_.think;
        queue(c);
    } else if (!window_->over(now_) && !demand_.exhausted() && may_begin(c)) {
        do {
            begin(c, now_);
        } while (!demand_.exhausted() && may_begin(c));
        pump(c);
    }
}

// What was begun goes out, if need be through a new socket.
void Worker::pump(Connection& c) {
    if (c.socket.open()) {
        write(c);
    } else if (c.socket.state == Socket::State::closed) {
        connect(c);
    }
}

void Worker::write(Connection& c) {
    go_on_after(c, requests_.write(c.socket.fd.get(), c.exchange, now_));
}

void Worker::connect(Connection& c) {
    const auto index = static_cast<std::uint32_t>(&c - connections_.data());
    if (sockets_.open(c.socket, index) != 0) {
        connect_failed(c);
    } else if (c.socket.open() && c.exchange.ring.unwritten() > 0) {
        write(c);
    }
}

void Worker::connect_failed(Connection& c) {
    requests_.fail_all(c.exchange, Failure::connect, now_);
    c.exchange.restart();
    rest(c);
}

// The socket is of no use any more. `suspicious`: it took requests with it, so the next one has to
// wait if it was the second in a row without a reply.
void Worker::replace(Connection& c, bool suspicious) {
    sockets_.close(c.socket, c.exchange.answered);
    c.exchange.restart();
    if (suspicious && c.socket.failures > 0) {
        rest(c);
        return;
    }
    if (suspicious) ++c.socket.failures;
    if (!c.exchange.ring.empty()) {
        pump(c);
    } else {
        available(c);
    }
}

void Worker::rest(Connection& c) {
    ready_.remove(c);
    sockets_.rest(c.socket, now_);
}

}  // namespace echotrio::loadgen
