// Listening sockets: one for all or one for each worker, and an end for all processes.
#include "common/supervise/listeners.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

namespace echotrio::supervise {
namespace {

Options on_a_free_port(bool socket_each) {
    Options options;
    options.listen = {"127.0.0.1", 0};
    options.pool.start = 1;
    options.socket_each = socket_each;
    return options;
}

net::Fd connect(const net::HostPort& where) {
    auto fd = net::connect_tcp(where, std::chrono::seconds(10));
    EXPECT_TRUE(fd) << fd.error().message;
    return fd ? *std::move(fd) : net::Fd();
}

TEST(Listeners, SayThePortThatTheKernelPicked) {
    const Options options = on_a_free_port(false);
    const auto listeners = Listeners::open(options);
    ASSERT_TRUE(listeners) << listeners.error().message;
    EXPECT_EQ(listeners->size(), 1U);
    EXPECT_EQ(listeners->bound().host, "127.0.0.1");
    EXPECT_NE(listeners->bound().port, 0);
}

TEST(Listeners, CountThoseThatWait) {
    const Options options = on_a_free_port(false);
    const auto listeners = Listeners::open(options);
    ASSERT_TRUE(listeners) << listeners.error().message;
    EXPECT_EQ(listeners->waiting(), 0U);
    std::vector<net::Fd> clients;
    for (int i = 0; i < 3; ++i) clients.push_back(connect(listeners->bound()));
    EXPECT_EQ(listeners->waiting(), 3U);
    EXPECT_TRUE(net::accept_one(listeners->fd(0), false).connection);
    EXPECT_EQ(listeners->waiting(), 2U);
}

TEST(Listeners, ThereIsOneForEachThatStarts) {
    Options options = on_a_free_port(true);
    options.pool.start = 3;
    const auto listeners = Listeners::open(options);
    ASSERT_TRUE(listeners) << listeners.error().message;
    ASSERT_EQ(listeners->size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(net::local_address(listeners->fd(i))->port, listeners->bound().port);
    }
}

TEST(Listeners, OfReuseportShareTheAddress) {
    const Options options = on_a_free_port(true);
    auto listeners = Listeners::open(options);
    ASSERT_TRUE(listeners) << listeners.error().message;
    const net::HostPort first = listeners->bound();
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(listeners->add());
    EXPECT_EQ(listeners->size(), 4U);
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(net::local_address(listeners->fd(i))->port, first.port);
    }
    std::vector<net::Fd> clients;
    for (int i = 0; i < 40; ++i) clients.push_back(connect(first));
    EXPECT_EQ(listeners->waiting(), 40U) << "over all queues";
}

TEST(Listeners, ShutDownTakeNoConnectionAnyMore) {
    const Options options = on_a_free_port(true);
    auto listeners = Listeners::open(options);
    ASSERT_TRUE(listeners) << listeners.error().message;
    ASSERT_TRUE(listeners->add());
    const net::Fd workers[] = {net::Fd(::dup(listeners->fd(0))), net::Fd(::dup(listeners->fd(1)))};
    listeners->shut_down();
    EXPECT_EQ(listeners->size(), 0U);
    EXPECT_FALSE(net::connect_tcp(listeners->bound(), std::chrono::seconds(10)));
    for (const net::Fd& worker : workers) {  // who waits in accept wakes up
        EXPECT_EQ(net::accept_one(worker.get(), false).error, EINVAL);
    }
}

TEST(Listeners, AnOccupiedPortIsSaid) {
    const Options options = on_a_free_port(false);
    const auto first = Listeners::open(options);
    ASSERT_TRUE(first) << first.error().message;
    Options same = options;
    same.listen = first->bound();
    const auto second = Listeners::open(same);
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().message.find("in use"), std::string::npos) << second.error().message;
}

}  // namespace
}  // namespace echotrio::supervise
