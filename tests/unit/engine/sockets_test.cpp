// Sockets of a generator thread against a listener: which socket an event means, rests, what the
// system refuses.
#include "loadgen/engine/sockets.hpp"

#include "loadgen/engine/epoll_wait.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <array>
#include <cerrno>
#include <optional>

namespace echotrio::loadgen {
namespace {

using namespace std::chrono_literals;

struct SocketsTest : testing::Test {
    net::Fd listener = *net::listen_tcp({"127.0.0.1", 0}, 16);
    RunOptions options;
    std::optional<Prepared> prepared;
    std::optional<Sockets> sockets;

    void SetUp() override {
        options.target = *parse_target(
            fmt::format("tcp://127.0.0.1:{}", net::local_address(listener.get())->port));
        prepared = *prepare_load(options);
        sockets.emplace(*prepared, Share{}, 1, 1);  // place 0 is the test's, place 1 an idle one
        ASSERT_EQ(sockets->create_epoll(), 0);
    }

    epoll_event next_event() {
        std::array<epoll_event, 1> events{};
        EXPECT_EQ(wait_for_events(sockets->epoll(), events, 10s), 1);
        return events[0];
    }
    // Connected; the server's end.
    net::Fd connect(Socket& socket) {
        EXPECT_EQ(sockets->open(socket, 0), 0);
        net::Fd accepted = net::accept_one(listener.get(), true).connection;
        if (!socket.open()) {
            EXPECT_EQ(socket.state, Socket::State::connecting);
            EXPECT_EQ(sockets->connecting(), 1);
            EXPECT_TRUE(SocketId::unpack(next_event().data.u64).names(socket));
            EXPECT_EQ(sockets->decided(socket), 0);
        }
        EXPECT_TRUE(socket.open());
        EXPECT_EQ(sockets->connecting(), 0);
        return accepted;
    }
};

TEST(SocketId, SurvivesTheEventsData) {
    for (const SocketId id : {SocketId{0, 0}, SocketId{7, 0}, SocketId{0, 7},
                              SocketId{0xffffffff, 0xfffffffe}, SocketId{1, 0xffffffff}}) {
        EXPECT_EQ(SocketId::unpack(id.packed()).index, id.index);
        EXPECT_EQ(SocketId::unpack(id.packed()).generation, id.generation);
    }
}

TEST_F(SocketsTest, AnEventOfAReplacedSocketDoesNotNameTheNewOne) {
    Socket socket;
    net::Fd server = connect(socket);
    server.reset();
    const SocketId fetched = SocketId::unpack(next_event().data.u64);
    EXPECT_EQ(fetched.index, 0);
    EXPECT_TRUE(fetched.names(socket));
    sockets->close(socket, false);
    EXPECT_FALSE(fetched.names(socket)) << "not even before there is a new one";
    server = connect(socket);
    EXPECT_FALSE(fetched.names(socket));
    server.reset();
    EXPECT_TRUE(SocketId::unpack(next_event().data.u64).names(socket));
    EXPECT_EQ(sockets->counts().opened, 2);
}

TEST_F(SocketsTest, AnIdleConnectionIsLostOnce) {
    sockets->open_idle(1);
    net::Fd server = net::accept_one(listener.get(), true).connection;
    epoll_event event = next_event();
    sockets->idle_event(SocketId::unpack(event.data.u64), event.events);
    EXPECT_EQ(sockets->idle_open(), 1);
    EXPECT_EQ(sockets->counts().opened, 0) << "it is not one of the load's";
    server.reset();
    event = next_event();
    for (int twice = 0; twice < 2; ++twice) {
        sockets->idle_event(SocketId::unpack(event.data.u64), event.events);
        EXPECT_EQ(sockets->idle_open(), 0);
        EXPECT_EQ(sockets->counts().idle_lost, 1);
    }
}

TEST_F(SocketsTest, ARefusedConnectIsCounted) {
    listener.reset();
    Socket socket;
    int error = sockets->open(socket, 0);
    if (error == 0) {
        next_event();
        error = sockets->decided(socket);
    }
    EXPECT_EQ(error, ECONNREFUSED);
    EXPECT_EQ(sockets->last_error(), ECONNREFUSED);
    EXPECT_EQ(socket.state, Socket::State::closed);
    EXPECT_FALSE(socket.fd);
    EXPECT_EQ(sockets->connecting(), 0);
    EXPECT_EQ(sockets->counts().connect_errors, 1);
    EXPECT_EQ(sockets->counts().opened + sockets->counts().out_of_descriptors, 0);
}

TEST_F(SocketsTest, OutOfDescriptorsIsCounted) {
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    const rlimit none{0, before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
    Socket socket;
    const int error = sockets->open(socket, 0);
    ::setrlimit(RLIMIT_NOFILE, &before);
    EXPECT_EQ(error, EMFILE);
    EXPECT_EQ(socket.state, Socket::State::closed);
    EXPECT_EQ(sockets->counts().out_of_descriptors, 1);
    EXPECT_EQ(sockets->counts().connect_errors, 1);
}

TEST_F(SocketsTest, RestsDoubleUntilASocketBringsAReply) {
    const TimePoint start(1000s);
    Socket socket;
    for (const Nanos expected : {10ms, 20ms, 40ms, 80ms, 160ms, 320ms, 640ms, 640ms}) {
        sockets->rest(socket, start);
        EXPECT_EQ(sockets->resting(), 1);
        EXPECT_FALSE(sockets->rested(socket, start + expected - 1ns));
        EXPECT_TRUE(sockets->rested(socket, start + expected));
        EXPECT_EQ(sockets->resting(), 0);
        EXPECT_EQ(socket.state, Socket::State::closed);
        sockets->close(socket, false);
    }
    EXPECT_FALSE(sockets->rested(socket, start + 1h)) << "it doesn't rest";
    sockets->close(socket, true);
    sockets->rest(socket, start);
    EXPECT_TRUE(sockets->rested(socket, start + 10ms));
}

}  // namespace
}  // namespace echotrio::loadgen
