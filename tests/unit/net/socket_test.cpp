// Sockets: outcomes are values, errors of the environment say what to do.
#include "common/net/socket.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

namespace echotrio::net {
namespace {

struct Pair {
    Fd listener, client, server;
};

Pair connected(const char* host = "127.0.0.1") {
    Pair pair;
    pair.listener = *listen_tcp({host, 0}, 16);
    const auto where = *local_address(pair.listener.get());
    pair.client = *connect_tcp(where, std::chrono::seconds(5));
    pair.server = accept_one(pair.listener.get(), false).connection;
    return pair;
}

class Family : public testing::TestWithParam<const char*> {};

TEST_P(Family, CarriesBytesUntilTheEnd) {
    Pair pair = connected(GetParam());
    ASSERT_TRUE(pair.server);
    EXPECT_EQ(write_some(pair.client.get(), "hello").bytes.size(), 5U);
    std::array<char, 64> buffer{};
    Io io = read_some(pair.server.get(), buffer);
    EXPECT_EQ(io.kind, Io::Kind::bytes);
    EXPECT_EQ(std::string_view(buffer.data(), io.bytes.size()), "hello");
    pair.client.reset();
    EXPECT_EQ(read_some(pair.server.get(), buffer).kind, Io::Kind::end);
}

INSTANTIATE_TEST_SUITE_P(Addresses, Family, testing::Values("127.0.0.1", "::1"));

TEST(Socket, TimeoutsAndNonblockingSayWouldBlock) {
    Pair pair = connected();
    std::array<char, 8> buffer{};
    set_receive_timeout(pair.server.get(), Nanos(1));  // below the grain, yet not for ever
    EXPECT_EQ(read_some(pair.server.get(), buffer).kind, Io::Kind::would_block);
    set_nonblocking(pair.client.get(), true);
    EXPECT_EQ(read_some(pair.client.get(), buffer).kind, Io::Kind::would_block);
    EXPECT_EQ(accept_one(
                  [&] {
                      set_nonblocking(pair.listener.get(), true);
                      return pair.listener.get();
                  }(),
                  true)
                  .error,
              EAGAIN);
}

TEST(Socket, ABrokenConnectionIsAValueAndNoSignal) {
    Pair pair = connected();
    const linger now{1, 0};  // close with a reset
    ::setsockopt(pair.client.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    pair.client.reset();
    std::array<char, 8> buffer{};
    const Io io = read_some(pair.server.get(), buffer);
    EXPECT_EQ(io.kind, Io::Kind::failed);
    EXPECT_EQ(io.error, ECONNRESET);
    const Io written = write_some(pair.server.get(), "x");
    EXPECT_EQ(written.kind, Io::Kind::failed);
    EXPECT_EQ(written.error, EPIPE);
}

TEST(Socket, ListeningErrorsSayWhatToDo) {
    const auto first = listen_tcp({"127.0.0.1", 0}, 16);
    ASSERT_TRUE(first);
    const auto where = *local_address(first->get());
    const auto taken = listen_tcp(where, 16);
    ASSERT_FALSE(taken);
    EXPECT_NE(taken.error().message.find("choose another --port"), std::string::npos);
    EXPECT_NE(taken.error().message.find(format_host_port(where)), std::string::npos);
    const auto foreign = listen_tcp({"192.0.2.1", 0}, 16);  // TEST-NET-1: nobody's address
    ASSERT_FALSE(foreign);
    EXPECT_NE(foreign.error().message.find("choose another --host"), std::string::npos);
}

TEST(Socket, ManyMayListenOnOnePortWhenAsked) {
    const auto first = listen_tcp({"127.0.0.1", 0}, 16, true);
    ASSERT_TRUE(first);
    EXPECT_TRUE(listen_tcp(*local_address(first->get()), 16, true));
}

TEST(Socket, ConnectingToNobodyFailsAtOnce) {
    HostPort where;
    {
        const auto listener = listen_tcp({"127.0.0.1", 0}, 16);
        where = *local_address(listener->get());
    }
    const auto refused = connect_tcp(where, std::chrono::seconds(5));
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("refused"), std::string::npos);
}

TEST(Socket, OutOfDescriptorsIsAnOutcomeOfAccept) {
    Pair pair = connected();
    const auto where = *local_address(pair.listener.get());
    const auto waiting = connect_tcp(where, std::chrono::seconds(5));
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    const rlimit none{0, before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
    const Accepted accepted = accept_one(pair.listener.get(), true);
    ::setrlimit(RLIMIT_NOFILE, &before);
    EXPECT_FALSE(accepted.connection);
    EXPECT_EQ(accepted.error, EMFILE);
    EXPECT_TRUE(accept_one(pair.listener.get(), true).connection) << "it was not lost";
}

TEST(Socket, DescriptorsCloseOnExec) {
    const Pair pair = connected();
    for (const int fd : {pair.listener.get(), pair.client.get(), pair.server.get()}) {
        EXPECT_EQ(::fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    }
}

TEST(Socket, PinningNeedsCpusThatExist) {
    EXPECT_TRUE(pin_to_cpus({}));
    const int absent[] = {CPU_SETSIZE - 1};
    const auto status = pin_to_cpus(absent);
    ASSERT_FALSE(status);
    EXPECT_NE(status.error().message.find("1023"), std::string::npos);
}

}  // namespace
}  // namespace echotrio::net
