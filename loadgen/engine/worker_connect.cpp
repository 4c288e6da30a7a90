// Sockets of a generator thread: opening, failing, resting, closing.
#include "loadgen/engine/worker.hpp"

#include <algorithm>
#include <cerrno>

namespace echotrio::loadgen {
namespace {

constexpr Nanos kFirstRest = std::chrono::milliseconds(10);
constexpr int kMostDoublings = 6;  // 640 ms

}  // namespace

// A socket on its way to the target, registered once for all that may happen to it.
net::Connecting Worker::connect(std::uint32_t id) {
    const net::Address* source = nullptr;
    if (!prepared_.sources.empty()) {
        // Threads begin at different places, so that together they use all sources evenly.
        source =
            &prepared_
                 .sources[(next_source_++ * share_.of + share_.index) % prepared_.sources.size()];
    }
    net::Connecting made = net::begin_connect(prepared_.target, source);
    syscalls_ += 3;  // socket, connect, epoll_ctl
    if (!made.connection) return made;
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | static_cast<std::uint32_t>(EPOLLET);
    event.data.u32 = id;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, made.connection.get(), &event) != 0) {
        return {net::Fd(), errno};
    }
    return made;
}

void Worker::open_socket(Connection& c) {
    net::Connecting made = connect(static_cast<std::uint32_t>(&c - connections_.data()));
    if (!made.connection) {
        connect_failed(c, made.error);
        return;
    }
    c.fd = std::move(made.connection);
    if (made.error == EINPROGRESS) {
        c.state = Connection::State::connecting;
        ++connecting_;
        return;
    }
    c.state = Connection::State::open;
    ++report_.opened;
    if (c.unwritten > 0) flush(c);
}

void Worker::connect_decided(Connection& c) {
    ++syscalls_;
    const int error = net::pending_error(c.fd.get());
    --connecting_;
    if (error != 0) {
        c.state = Connection::State::closed;
        connect_failed(c, error);
        return;
    }
    c.state = Connection::State::open;
    ++report_.opened;
    if (c.unwritten > 0) {
        flush(c);
    } else {
        available(c);
    }
}

void Worker::open_idle(std::size_t index) {
    IdleConnection& idle = idle_[index];
    net::Connecting made = connect(static_cast<std::uint32_t>(connections_.size() + index));
    if (!made.connection) {
        count_connect_error(made.error);
        return;
    }
    idle.fd = std::move(made.connection);
    idle.open = made.error == 0;
    if (!idle.open) ++connecting_;
}

void Worker::idle_event(IdleConnection& idle, std::uint32_t events) {
    if (!idle.fd) return;
    if (!idle.open) {
        --connecting_;
        const int error = net::pending_error(idle.fd.get());
        if (error != 0) {
            count_connect_error(error);
            idle.fd.reset();
            return;
        }
        idle.open = true;
    }
    if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
        ++report_.idle_lost;
        idle.open = false;
        idle.fd.reset();
    }
}

void Worker::count_connect_error(int error) {
    last_connect_error_ = error;
    if (error == EADDRNOTAVAIL) ++report_.out_of_ports;
    if (error == EMFILE || error == ENFILE) ++report_.out_of_descriptors;
    // Once the run has begun, requests fail with their connection and count there.
    if (!started_) ++report_.connect_errors;
}

void Worker::connect_failed(Connection& c, int error) {
    count_connect_error(error);
    fail_all(c, Failure::connect);
    drop_socket(c);
    rest(c);
}

// Out of the way for a while that doubles with every socket that gave no reply.
void Worker::rest(Connection& c) {
    ready_.remove(c);
    c.state = Connection::State::resting;
    c.due = now_ + kFirstRest * (1 << std::min<int>(c.failures, kMostDoublings));
    if (c.failures < 255) ++c.failures;
    ++resting_;
}

// Precondition: no request is on it.
void Worker::drop_socket(Connection& c) {
    if (c.state == Connection::State::connecting) --connecting_;
    if (c.fd) ++syscalls_;
    c.fd.reset();
    c.state = Connection::State::closed;
    c.closing = false;
    c.begun = 0;
    c.unwritten = 0;
    c.written = 0;
    c.received = 0;
    c.reader.reset();
}

// The socket is of no use any more. `suspicious`: it took requests with it, so the next one has to
// wait if it was the second in a row without a reply.
void Worker::replace_socket(Connection& c, bool suspicious) {
    drop_socket(c);
    if (suspicious && c.failures > 0) {
        rest(c);
        return;
    }
    if (suspicious) ++c.failures;
    available(c);
}

}  // namespace echotrio::loadgen
