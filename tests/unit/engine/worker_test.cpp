// A whole generator thread against a server that the test plays itself.
#include "loadgen/engine/worker.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>

namespace echotrio::loadgen {
namespace {

using namespace std::chrono_literals;

std::uint16_t port_of(int fd, bool peer) {
    sockaddr_in address{};
    socklen_t length = sizeof address;
    auto* const raw = reinterpret_cast<sockaddr*>(&address);
    const int got = peer ? ::getpeername(fd, raw, &length) : ::getsockname(fd, raw, &length);
    return got == 0 && address.sin_family == AF_INET ? ntohs(address.sin_port) : 0;
}

// This process's descriptor of the socket with that port; -1 = none.
int socket_with_port(std::uint16_t port) {
    for (int fd = 0; fd < 1024; ++fd) {
        if (port_of(fd, false) == port) return fd;
    }
    return -1;
}

// Until the listener accepts no more: the next one to connect stays on its way.
std::array<net::Fd, 8> fill(const net::Address& listener) {
    std::array<net::Fd, 8> fillers;
    for (net::Fd& filler : fillers) filler = net::begin_connect(listener, nullptr).connection;
    for (const std::size_t i : {0U, 1U}) {  // a backlog of 1 has room for two
        pollfd one{fillers[i].get(), POLLOUT, 0};
        EXPECT_EQ(::poll(&one, 1, 10'000), 1);
    }
    return fillers;
}

// A copy of the descriptor keeps a closed socket in the epoll set, so its events still come.
TEST(Worker, AnEventOfAReplacedSocketIsNotTheNewOnes) {
    const net::Fd listener = *net::listen_tcp({"127.0.0.1", 0}, 1);
    RunOptions options;
    options.target =
        *parse_target(fmt::format("tcp://127.0.0.1:{}", net::local_address(listener.get())->port));
    options.warmup = 0s;
    options.duration = 1h;
    options.timeout = 10s;
    const Prepared prepared = *prepare_load(options);
    Signals signals;
    Worker worker(prepared, nullptr, {}, signals);
    std::thread thread([&] { worker.run(); });

    const net::Fd first = net::accept_one(listener.get(), false).connection;
    signals.start = now().time_since_epoch().count();
    std::string request(options.size, '\0');
    for (std::size_t had = 0; had < request.size();) {
        const Io io = net::read_some(first.get(), std::span(request).subspan(had));
        if (io.kind != Io::Kind::bytes) break;
        had += io.bytes.size();
    }
    const std::uint16_t port = port_of(first.get(), true);
    const int client = socket_with_port(port);
    const net::Fd kept(::dup(client));
    const auto fillers = fill(prepared.target);

    request[0] ^= 1;  // a wrong reply: the worker takes another socket, which gets the same number
    static_cast<void>(net::write_some(first.get(), request));
    const auto replaced = [&] {
        const std::uint16_t other = port_of(client, false);
        return other != 0 && other != port;
    };
    for (const TimePoint late = now() + 10s; !replaced() && now() < late;) {
        std::this_thread::yield();
    }
    static_cast<void>(net::write_some(first.get(), request));
    signals.stop = now().time_since_epoch().count();
    thread.join();

    EXPECT_EQ(worker.phase(), Worker::Phase::done);
    EXPECT_EQ(worker.ledger().errors().mismatch, 1);
    EXPECT_EQ(worker.report().sockets.opened, 1) << "the second one was never connected";
}

}  // namespace
}  // namespace echotrio::loadgen
