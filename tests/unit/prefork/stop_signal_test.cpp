// The stop signal at every moment of a worker's calls: just before them, and while they block. Each
// case runs in a process of its own (a death test), because the handler is installed once.
#include "servers/prefork/stop_signal.hpp"

#include "common/net/receive_timeout.hpp"
#include "common/net/socket.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <optional>
#include <source_location>

namespace echotrio::prefork {
namespace {

constexpr Nanos kForEver = std::chrono::hours(1);

// What a worker has, without a worker.
struct Bench {
    Bench() {
        ::alarm(20);  // a call that is not ended ends the test
        listener = *net::listen_tcp({"127.0.0.1", 0}, 16);
        where = *net::local_address(listener.get());
        stop.emplace(slot, listener.get(), STDERR_FILENO, heeded);
    }
    net::Fd client() { return *net::connect_tcp(where, kForEver); }
    void order(Order what) { slot.order.store(what); }

    // SIGTERM while the call after this one blocks.
    static void terminate_soon() {
        std::signal(SIGALRM, [](int) { std::raise(SIGTERM); });
        const itimerval soon{{0, 0}, {0, 20'000}};
        ::setitimer(ITIMER_REAL, &soon, nullptr);
    }

    Slot slot;
    net::Fd listener;
    net::HostPort where;
    std::atomic<bool> heeded{false};
    std::optional<StopSignal> stop;
    std::array<char, 64> buffer{};
};

// Ends the process of the case when what is required does not hold.
void require(bool holds, std::source_location at = std::source_location::current()) {
    if (holds) return;
    std::fprintf(stderr, "line %u: not so\n", static_cast<unsigned>(at.line()));
    std::_Exit(1);
}

void in_process(const std::function<void()>& test) {
    EXPECT_EXIT(
        {
            test();
            std::_Exit(0);
        },
        testing::ExitedWithCode(0), "");
}

TEST(StopSignalDeathTest, AcceptAfterTheSignalFailsAtOnce) {
    in_process([] {
        Bench bench;
        bench.order(Order::retire);
        std::raise(SIGTERM);
        require(!net::accept_one(bench.listener.get(), false).connection);
        require(bench.stop->leaving() && !bench.stop->draining());
    });
}

TEST(StopSignalDeathTest, AcceptThatBlocksIsEnded) {
    in_process([] {
        Bench bench;
        bench.order(Order::retire);
        Bench::terminate_soon();
        require(!net::accept_one(bench.listener.get(), false).connection);
        require(bench.stop->leaving());
    });
}

TEST(StopSignalDeathTest, OnlyThisProcessStopsAccepting) {
    in_process([] {
        Bench bench;
        const net::Fd other(::dup(bench.listener.get()));  // another worker's
        std::raise(SIGTERM);
        const net::Fd client = bench.client();
        require(net::accept_one(other.get(), false).error == 0);
    });
}

struct Connection {
    explicit Connection(Bench& bench) : bench_(bench), client(bench.client()) {
        served = net::accept_one(bench.listener.get(), false).connection;
    }
    // As a worker's peer does.
    void arm(Nanos timeout) {
        timeout_.arm(timeout, [this](Nanos value) { bench_.stop->set_receive_timeout(value); });
    }
    void forget() { timeout_.forget(); }
    Io read() { return net::read_some(served.get(), bench_.buffer); }

    Bench& bench_;
    net::Fd client;
    net::Fd served;
    net::ReceiveTimeout timeout_;
};

TEST(StopSignalDeathTest, ADrainEndsAReadThatBlocks) {
    in_process([] {
        Bench bench;
        Connection connection(bench);
        bench.stop->watch(connection.served.get());
        Bench::terminate_soon();
        require(connection.read().kind == Io::Kind::would_block);
        require(bench.stop->draining());
    });
}

TEST(StopSignalDeathTest, ADrainEndsTheNextRead) {
    in_process([] {
        Bench bench;
        Connection connection(bench);
        bench.stop->watch(connection.served.get());
        std::raise(SIGTERM);
        require(connection.read().kind == Io::Kind::would_block);
    });
}

TEST(StopSignalDeathTest, ADrainBetweenAcceptAndWatchIsSeenWhenTheTimeoutIsSet) {
    in_process([] {
        Bench bench;
        Connection connection(bench);
        std::raise(SIGTERM);
        bench.stop->watch(connection.served.get());
        connection.arm(Nanos(0));  // none, which is what the socket has
        require(connection.read().kind == Io::Kind::would_block);
    });
}

TEST(StopSignalDeathTest, WhatHasArrivedBeforeADrainIsStillRead) {
    in_process([] {
        Bench bench;
        Connection connection(bench);
        bench.stop->watch(connection.served.get());
        require(net::write_some(connection.client.get(), "hello").bytes.size() == 5);
        std::raise(SIGTERM);
        require(connection.read().bytes.size() == 5);
    });
}

TEST(StopSignalDeathTest, ARequestHalfReceivedGoesOnOnceTheDrainIsHeeded) {
    in_process([] {
        Bench bench;
        Connection connection(bench);
        bench.stop->watch(connection.served.get());
        connection.arm(std::chrono::milliseconds(200));
        std::raise(SIGTERM);
        require(connection.read().kind == Io::Kind::would_block);
        bench.heeded.store(true);
        connection.forget();
        std::raise(SIGTERM);  // and another one does not disturb it
        const TimePoint start = now();
        connection.arm(std::chrono::milliseconds(200));
        require(connection.read().kind == Io::Kind::would_block);
        require(now() - start > std::chrono::milliseconds(100));
    });
}

TEST(StopSignalDeathTest, ToRetireLeavesTheReadAlone) {
    in_process([] {
        Bench bench;
        Connection connection(bench);
        bench.stop->watch(connection.served.get());
        bench.stop->set_receive_timeout(std::chrono::milliseconds(200));
        bench.order(Order::retire);
        const TimePoint start = now();
        Bench::terminate_soon();
        require(connection.read().kind == Io::Kind::would_block);
        require(now() - start > std::chrono::milliseconds(150));
    });
}

TEST(StopSignalDeathTest, ToLeaveIsNow) {
    EXPECT_EXIT(
        {
            Bench bench;
            bench.order(Order::leave);
            std::raise(SIGTERM);
            std::_Exit(1);
        },
        testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace echotrio::prefork
