// The wait itself, turn by turn of a loop that only this test runs: an edge is there when the test
// says so. Compiled twice, for our own wait and for Asio's.
#include "servers/coroutine/watched.hpp"

#include "common/net/socket.hpp"

#include <asio/executor_work_guard.hpp>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <string>
#include <utility>

#ifdef ECHOTRIO_PLAIN_WAIT  // another name for CTest, which has both
#define WatchedTest PlainWatchedTest
#define WatchedAlone PlainWatchedAlone
#endif

namespace echotrio::coroutine {
namespace {

using namespace std::chrono_literals;

enum class What { readable, writable, others };

struct Until {
    Watched& socket;
    What what;
    bool await_ready() const { return false; }
    void await_suspend(Handle coroutine) const {
        if (what == What::readable) socket.when_readable(coroutine);
        if (what == What::writable) socket.when_writable(coroutine);
        if (what == What::others) socket.when_others_ran(coroutine);
    }
    void await_resume() const {}
};

class WatchedTest : public testing::Test {
  protected:
    WatchedTest() {
        auto listener = net::listen_tcp({"127.0.0.1", 0}, 4);
        auto peer = net::connect_tcp(net::local_address(listener->get()).value(), 5s);
        peer_ = *std::move(peer);
        EXPECT_EQ(socket_.watch(net::accept_one(listener->get(), true).connection), 0);
        read_all();  // a new socket is looked at once, whatever the kernel said
        until(What::readable);
        turns();
        socket_.cancel();
        turns();
        times_ = 0;
    }

    void until(What what) { static_cast<void>(wait(what)); }
    Task wait(What what) {
        co_await Until{socket_, what};
        ++times_;
    }
    // All that the loop can do now.
    void turns() {
        for (int i = 0; i < 3; ++i) io_.poll();
    }
    // Runs it until the coroutine went on; false: not within the patience.
    bool goes_on() {
        for (int i = 0; i < 1000 && times_ == 0; ++i) io_.run_one_for(10ms);
        return times_ == 1;
    }
    // Until the kernel has it: what the peer did comes by way of a network.
    void arrives(short events) {
        pollfd here{socket_.fd(), events, 0};
        ASSERT_EQ(::poll(&here, 1, 20'000), 1);
    }
    void read_all() {
        std::array<char, 4096> bytes{};
        while (net::read_some(socket_.fd(), bytes).kind == Io::Kind::bytes) {
        }
    }
    void send_bytes() { net::write_some(peer_.get(), "bytes"); }
    void end() { ::shutdown(peer_.get(), SHUT_WR); }
    void reset() {
        const linger now{1, 0};
        ::setsockopt(peer_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
        peer_.reset();
    }

    asio::io_context io_{ASIO_CONCURRENCY_HINT_UNSAFE};
    // without work it would not look at epoll
    asio::executor_work_guard<Executor> work_{io_.get_executor()};
    Watched socket_{io_.get_executor()};
    net::Fd peer_;
    int times_ = 0;
};

TEST_F(WatchedTest, GoesOnWhenSomethingComes) {
    until(What::readable);
    turns();
    EXPECT_EQ(times_, 0);
    send_bytes();
    EXPECT_TRUE(goes_on());
}

TEST_F(WatchedTest, AgainAndAgain) {
    for (int i = 0; i < 100; ++i) {
        times_ = 0;
        until(What::readable);
        turns();
        ASSERT_EQ(times_, 0) << i;
        send_bytes();
        ASSERT_TRUE(goes_on()) << i;
        read_all();
    }
}

TEST_F(WatchedTest, WhatCameWhileNobodyWaitedIsNotLost) {
    send_bytes();
    arrives(POLLIN);
    turns();  // the loop takes the edge
    until(What::readable);
    EXPECT_TRUE(goes_on());
}

TEST_F(WatchedTest, AnEndThatCameWhileNobodyWaitedIsNotLost) {
    end();
    arrives(POLLRDHUP);
    turns();
    until(What::readable);
    EXPECT_TRUE(goes_on());
}

TEST_F(WatchedTest, AResetThatCameWhileNobodyWaitedIsNotLost) {
    reset();
    arrives(POLLERR);
    turns();
    until(What::readable);
    EXPECT_TRUE(goes_on());
}

TEST_F(WatchedTest, WhatCameBetweenReadAndWaitIsNotLost) {
    read_all();
    send_bytes();
    arrives(POLLIN);
    until(What::readable);
    EXPECT_TRUE(goes_on());
}

TEST_F(WatchedTest, WhatCameWhileItWaitedToWriteIsNotLost) {
    const std::string much(65536, 'b');
    while (net::write_some(socket_.fd(), much).kind == Io::Kind::bytes) turns();
    until(What::writable);
    send_bytes();
    arrives(POLLIN);
    turns();
    EXPECT_EQ(times_, 0) << "the peer has not read yet";
    std::array<char, 65536> bytes{};
    for (int i = 0; i < 1000 && times_ == 0; ++i) {
        pollfd there{peer_.get(), POLLIN, 0};
        if (::poll(&there, 1, 10) == 1) net::read_some(peer_.get(), bytes);
        turns();
    }
    EXPECT_EQ(times_, 1);
    times_ = 0;
    until(What::readable);
    EXPECT_TRUE(goes_on());
}

TEST_F(WatchedTest, ToWriteMayBeWaitedForAtAnyTime) {
    for (int i = 0; i < 3; ++i) {
        times_ = 0;
        until(What::writable);
        EXPECT_TRUE(goes_on()) << i;
    }
}

TEST_F(WatchedTest, CancellingEndsTheWait) {
    until(What::readable);
    turns();
    EXPECT_EQ(times_, 0);
    socket_.cancel();
    EXPECT_TRUE(goes_on());
}

TEST_F(WatchedTest, WhatCameAfterCancellingIsNotLost) {
    until(What::readable);
    socket_.cancel();
    EXPECT_TRUE(goes_on());
    send_bytes();
    arrives(POLLIN);
    turns();
    times_ = 0;
    until(What::readable);
    EXPECT_TRUE(goes_on());
}

TEST_F(WatchedTest, OthersThatCanGoOnDoSoFirst) {
    std::string order;
    asio::post(io_, [&] { order += "first "; });
    until(What::others);
    asio::post(io_, [&] { order += times_ == 1 ? "after" : "before"; });
    turns();
    EXPECT_EQ(order, "first after");
}

TEST(WatchedAlone, WhatEpollRefusesIsTold) {
    asio::io_context io(ASIO_CONCURRENCY_HINT_UNSAFE);
    Watched socket(io.get_executor());
    EXPECT_EQ(socket.watch(net::Fd()), EBADF);
}

TEST(WatchedAlone, IsTheWayThatThisWasCompiledFor) {
#ifdef ECHOTRIO_PLAIN_WAIT
    EXPECT_EQ(ECHOTRIO_WAITS_FOR_EDGES, 0);
#else
    if (ECHOTRIO_WAITS_FOR_EDGES == 0) GTEST_SKIP() << "not with Asio " << ASIO_VERSION;
    EXPECT_LE(sizeof(Watched), 24U);  // less than Asio's descriptor: each connection has one
#endif
}

}  // namespace
}  // namespace echotrio::coroutine
