// The floor of generators: a bare closed-loop epoll client. A recv and a send for each reply,
// every connection always has one request in flight, nothing is timed or checked but lengths.
//
//     epoll_client PORT CONNECTIONS SECONDS raw SIZE
//     epoll_client PORT CONNECTIONS SECONDS http PATH
//
// prints "warm" after a tenth of the time, when every connection has had a reply, and at the end
// "total=N requests=N seconds=S cpu_s=S": the replies of the whole run; then replies, time and CPU
// time since it was warm.
#include "common/base/clock.hpp"
#include "common/net/socket.hpp"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using namespace echotrio;

double cpu_seconds() {
    timespec used{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

[[noreturn]] void fail(const std::string& why) {
    fmt::print(stderr, "error: {}\n", why);
    std::exit(1);
}

char buffer[64 * 1024];

class Client {
  public:
    Client(std::uint16_t port, int connections, std::string request)
        : request_(std::move(request)), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
        const net::HostPort to{"127.0.0.1", port};
        for (int i = 0; i < connections; ++i) {
            auto connection = net::connect_tcp(to, std::chrono::seconds(5));
            if (!connection) fail(connection.error().message);
            epoll_event event{};
            event.events = EPOLLIN;
            event.data.u32 = static_cast<std::uint32_t>(i);
            ::epoll_ctl(epoll_, EPOLL_CTL_ADD, connection->get(), &event);
            connections_.push_back(*std::move(connection));
        }
        missing_.resize(connections_.size());
        cold_.assign(connections_.size(), true);
        cold_left_ = connections_.size();
    }

    // The reply's length is that of the first one: all are equal.
    void learn_reply() {
        send(0);
        const Io first = net::read_some(connections_[0].get(), buffer);
        if (first.kind != Io::Kind::bytes) fail("no reply");
        reply_ = first.bytes.size();
        for (std::uint32_t i = 0; i < connections_.size(); ++i) send(i);
    }

    bool warm() const { return cold_left_ == 0; }

    std::uint64_t run_until(TimePoint end) {
        std::uint64_t replies = 0;
        epoll_event events[128];
        while (now() < end) {
            const int ready = ::epoll_wait(epoll_, events, 128, 1000);
            for (int i = 0; i < ready; ++i) replies += receive(events[i].data.u32);
        }
        return replies;
    }

  private:
    void send(std::uint32_t i) {
        missing_[i] = reply_;
        const Io io = net::write_some(connections_[i].get(), request_);
        if (io.kind != Io::Kind::bytes || io.bytes.size() != request_.size()) fail("cannot send");
    }

    std::uint64_t receive(std::uint32_t i) {
        const Io io = net::read_some(connections_[i].get(), buffer);
        if (io.kind != Io::Kind::bytes || io.bytes.size() > missing_[i]) fail("a broken reply");
        missing_[i] -= io.bytes.size();
        if (missing_[i] > 0) return 0;
        if (cold_[i]) {
            cold_[i] = false;
            --cold_left_;
        }
        send(i);
        return 1;
    }

    std::string request_;
    std::size_t reply_ = 0;
    int epoll_;
    std::vector<net::Fd> connections_;
    std::vector<std::size_t> missing_;
    std::vector<bool> cold_;
    std::size_t cold_left_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 6) fail("epoll_client PORT CONNECTIONS SECONDS raw SIZE | http PATH");
    const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
    const Nanos duration = from_seconds(std::atof(argv[3]));
    const bool http = std::string(argv[4]) == "http";
    Client client(port, std::atoi(argv[2]),
                  http ? fmt::format("GET {} HTTP/1.1\r\nHost: bench\r\n\r\n", argv[5])
                       : std::string(static_cast<std::size_t>(std::atoi(argv[5])), 'x'));
    client.learn_reply();
    std::uint64_t warm_up = 0;
    do {
        warm_up += client.run_until(now() + duration / 10);
    } while (!client.warm());
    fmt::print("warm\n");
    std::fflush(stdout);
    const TimePoint start = now();
    const double cpu_before = cpu_seconds();
    const std::uint64_t requests = client.run_until(start + duration);
    fmt::print("total={} requests={} seconds={:.6f} cpu_s={:.6f}\n", 1 + warm_up + requests,
               requests, seconds(now() - start), cpu_seconds() - cpu_before);
    return 0;
}
