// What a connection costs the coroutine server, and that echoing allocates nothing. The heap is
// measured from inside: the server's loop runs in a thread of this program, whose operator new is
// counted. The resident memory is measured on a server of its own.
#include "common/net/socket.hpp"
#include "servers/coroutine/event_loop.hpp"
#include "tests/support/allocations.hpp"
#include "tests/support/sanitized.hpp"
#include "tests/support/server.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace echotrio::test {
namespace {

using namespace std::chrono_literals;

// Idle raw connections, each of which has echoed; nothing here allocates per message.
class Crowd {
  public:
    explicit Crowd(net::HostPort where) : to_(std::move(where)) {}
    ~Crowd() {
        const linger reset{1, 0};  // no thousands of sockets in TIME_WAIT for the next test
        for (const net::Fd& fd : connections_) {
            ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        }
    }
    Crowd(const Crowd&) = delete;
    Crowd& operator=(const Crowd&) = delete;

    void reserve(std::size_t n) { connections_.reserve(n); }
    void grow_to(std::size_t n) {
        while (connections_.size() < n) {
            auto connection = net::connect_tcp(to_, 20s);
            ASSERT_TRUE(connection.ok()) << connection.error().message;
            net::set_receive_timeout(connection->get(), 20s);
            connections_.push_back(*std::move(connection));
            ASSERT_TRUE(echo(connections_.back().get()));
        }
    }
    // True when every connection gave its message back.
    bool echo_all() const {
        for (const net::Fd& fd : connections_) {
            if (!echo(fd.get())) return false;
        }
        return true;
    }

  private:
    static bool echo(int fd) {
        const std::string_view message =
            "\x01 sixty-three bytes or so, none of which is the start of HTTP..";
        std::array<char, 128> reply{};
        net::write_some(fd, message);
        std::size_t got = 0;
        while (got < message.size()) {
            const Io io = net::read_some(fd, std::span(reply).subspan(got));
            if (io.kind != Io::Kind::bytes) return false;
            got += io.bytes.size();
        }
        return std::string_view(reply.data(), got) == message;
    }

    net::HostPort to_;
    std::vector<net::Fd> connections_;
};

// The server's loop in a thread of this program.
class LoopHere {
  public:
    LoopHere() {
        options_.server.listen = {"127.0.0.1", 0};
        options_.server.settings.model = "coroutine";
        auto signals = net::SignalFd::block({SIGUSR1});  // before the thread exists
        auto listener = net::listen_tcp(options_.server.listen, 4096);
        where_ = net::local_address(listener->get()).value();
        loop_ = std::make_unique<coroutine::EventLoop>(
            options_, *std::move(signals), *std::move(listener),
            coroutine::Place{board_, board_.slot(0), burner_});
        thread_ = std::thread([this] { loop_->run(); });
    }
    ~LoopHere() {
        ::kill(::getpid(), SIGUSR1);
        thread_.join();
    }
    LoopHere(const LoopHere&) = delete;
    LoopHere& operator=(const LoopHere&) = delete;

    const net::HostPort& where() const { return where_; }

  private:
    coroutine::Options options_;
    const work::Burner burner_;
    coroutine::Scoreboard board_{"coroutine"};
    net::HostPort where_;
    std::unique_ptr<coroutine::EventLoop> loop_;
    std::thread thread_;
};

TEST(CoroutineMemory, AtMost512BytesOfHeapForAnIdleConnection) {
    if (kSanitized) GTEST_SKIP() << "a sanitizer's heap is not malloc's";
    constexpr std::size_t kFirst = 100, kMore = 1000;
    LoopHere server;
    Crowd crowd(server.where());
    crowd.grow_to(kFirst);          // what is allocated once
    crowd.reserve(kFirst + kMore);  // ours
    const std::size_t heap_before = ::mallinfo2().uordblks;
    const std::size_t objects_before = live_bytes();
    crowd.grow_to(kFirst + kMore);
    const double heap = static_cast<double>(::mallinfo2().uordblks - heap_before) / kMore;
    const double objects = static_cast<double>(live_bytes() - objects_before) / kMore;
    RecordProperty("heap_bytes_per_connection", fmt::format("{:.1f}", heap));
    fmt::print("heap per idle connection: {:.1f} bytes, of them objects {:.1f}\n", heap, objects);
    EXPECT_LE(heap, 512);
    EXPECT_GT(objects, 200);  // the frame was counted at all
}

TEST(CoroutineMemory, EchoingAllocatesNothing) {
    LoopHere server;
    Crowd crowd(server.where());
    crowd.grow_to(64);
    ASSERT_TRUE(crowd.echo_all());
    const std::size_t before = allocations();
    for (int round = 0; round < 100; ++round) ASSERT_TRUE(crowd.echo_all());
    EXPECT_EQ(allocations() - before, 0U);
}

std::size_t pss_of(pid_t pid) {
    std::ifstream file(fmt::format("/proc/{}/smaps_rollup", pid));
    // Of the anonymous memory alone where the kernel tells it: what a file's pages count depends on
    // who else runs the same program.
    std::size_t all = 0;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("Pss:")) all = std::stoul(line.substr(4)) * 1024;
        if (line.starts_with("Pss_Anon:")) return std::stoul(line.substr(9)) * 1024;
    }
    return all;
}

// Least squares of y over x.
double slope(const std::vector<double>& x, const std::vector<double>& y) {
    double mean_x = 0, mean_y = 0, above = 0, below = 0;
    const auto n = static_cast<double>(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
        mean_x += x[i] / n;
        mean_y += y[i] / n;
    }
    for (std::size_t i = 0; i < x.size(); ++i) {
        above += (x[i] - mean_x) * (y[i] - mean_y);
        below += (x[i] - mean_x) * (x[i] - mean_x);
    }
    return above / below;
}

TEST(CoroutineMemory, AtMostOneKibOfPssForAnIdleConnection) {
    if (kSanitized) GTEST_SKIP() << "a sanitizer's memory is not the program's";
    if (net::raise_descriptor_limit() < 15'100) {
        GTEST_SKIP() << "needs 15,100 descriptors (ulimit -Hn)";
    }
    Server server("coroutine", {"--idle-timeout", "0"});
    std::vector<double> connections, pss;
    {
        Crowd crowd(server.where());
        for (const std::size_t n : {1'000U, 4'000U, 8'000U, 12'000U, 15'000U}) {
            ASSERT_NO_FATAL_FAILURE(crowd.grow_to(n));
            connections.push_back(static_cast<double>(n));
            pss.push_back(static_cast<double>(pss_of(server.pid())));
            ASSERT_GT(pss.back(), 0) << "smaps_rollup can't be read";
        }
        EXPECT_TRUE(crowd.echo_all());
    }
    const double bytes = slope(connections, pss);
    RecordProperty("pss_bytes_per_connection", fmt::format("{:.1f}", bytes));
    fmt::print("PSS per idle connection: {:.1f} bytes\n", bytes);
    EXPECT_LE(bytes, 1024);
    EXPECT_GT(bytes, 100);  // that the measurement sees connections at all
    EXPECT_EQ(server.stop(), 0);
}

}  // namespace
}  // namespace echotrio::test
