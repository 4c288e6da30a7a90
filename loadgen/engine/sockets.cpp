#include "loadgen/engine/sockets.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <limits>

namespace echotrio::loadgen {
namespace {

constexpr Nanos kFirstRest = std::chrono::milliseconds(10);
constexpr int kMostDoublings = 6;  // 640 ms

}  // namespace

Sockets::Sockets(const Prepared& prepared, Share share, std::uint64_t first_idle,
                 std::uint64_t idle)
    : prepared_(prepared), share_(share), first_idle_(first_idle), idle_(idle) {}

int Sockets::create_epoll() {
    epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
    return epoll_ ? 0 : errno;
}

int Sockets::connect(Socket& socket, std::uint32_t index) {
    const net::Address* source = nullptr;
    if (!prepared_.sources.empty()) {
        // Threads begin at different places, so that together they use all sources evenly.
        source =
            &prepared_
                 .sources[(next_source_++ * share_.of + share_.index) % prepared_.sources.size()];
    }
    net::Connecting made = net::begin_connect(prepared_.target, source);
    syscalls_ += 3;  // socket, connect, epoll_ctl
    if (!made.connection) return failed(made.error);
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | static_cast<std::uint32_t>(EPOLLET);
    event.data.u64 = SocketId{index, socket.generation}.packed();
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, made.connection.get(), &event) != 0) {
        return failed(errno);
    }
    socket.fd = std::move(made.connection);
    socket.state = made.error == 0 ? Socket::State::open : Socket::State::connecting;
    if (!socket.open()) ++connecting_;
    return 0;
}

int Sockets::conclude(Socket& socket) {
    ++syscalls_;
    const int error = net::pending_error(socket.fd.get());
    if (error != 0) {
        close(socket, false);
        return failed(error);
    }
    --connecting_;
    socket.state = Socket::State::open;
    return 0;
}

int Sockets::failed(int error) {
    last_error_ = error;
    ++counts_.connect_errors;
    if (error == EADDRNOTAVAIL) ++counts_.out_of_ports;
    if (error == EMFILE || error == ENFILE) ++counts_.out_of_descriptors;
    return error;
}

int Sockets::open(Socket& socket, std::uint32_t index) {
    const int error = connect(socket, index);
    if (socket.open()) ++counts_.opened;
    return error;
}

int Sockets::decided(Socket& socket) {
    const int error = conclude(socket);
    if (error == 0) ++counts_.opened;
    return error;
}

void Sockets::close(Socket& socket, bool answered) {
    if (socket.state == Socket::State::connecting) --connecting_;
    if (socket.fd) ++syscalls_;
    socket.fd.reset();
    socket.state = Socket::State::closed;
    ++socket.generation;
    if (answered) socket.failures = 0;
}

void Sockets::rest(Socket& socket, TimePoint now) {
    socket.state = Socket::State::resting;
    socket.rested_at = now + kFirstRest * (1 << std::min<int>(socket.failures, kMostDoublings));
    if (socket.failures < std::numeric_limits<std::uint8_t>::max()) ++socket.failures;
    ++resting_;
}

bool Sockets::rested(Socket& socket, TimePoint now) {
    if (socket.state != Socket::State::resting || now < socket.rested_at) return false;
    --resting_;
    socket.state = Socket::State::closed;
    return true;
}

void Sockets::open_idle(std::uint32_t index) {
    connect(idle_[index - first_idle_], index);
}

void Sockets::idle_event(SocketId id, std::uint32_t events) {
    Socket& socket = idle_[id.index - first_idle_];
    if (!id.names(socket)) return;
    if (socket.state == Socket::State::connecting && conclude(socket) != 0) return;
    if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
        ++counts_.idle_lost;
        close(socket, false);
    }
}

std::uint64_t Sockets::idle_open() const {
    return static_cast<std::uint64_t>(
        std::count_if(idle_.begin(), idle_.end(), [](const Socket& s) { return s.open(); }));
}

}  // namespace echotrio::loadgen
