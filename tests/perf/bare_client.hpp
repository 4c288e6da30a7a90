// What the bare clients of this folder share: what they are asked for, their connections, what a
// reply has to be, what they print. How bytes come and go (epoll, io_uring) is each one's own.
//
//     NAME PORT CONNECTIONS SECONDS raw SIZE      of a reply its length is looked at
//     NAME PORT CONNECTIONS SECONDS echo SIZE     and each of its bytes
//     NAME PORT CONNECTIONS SECONDS http PATH     its length
//
// Every connection always has one request in flight. Printed is "connected"; "warm" after a tenth
// of the time, when every connection has had a reply; at the end "total=N requests=N seconds=S
// cpu_s=S": the replies of the whole run; then replies, time and CPU time since it was warm. Errors
// end the program; it is a bench, not a product.
#pragma once

#include "common/base/clock.hpp"
#include "common/net/socket.hpp"

#include <fmt/format.h>
#include <time.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace echotrio::perf {

[[noreturn]] inline void fail(const std::string& why, int status = 1) {
    fmt::print(stderr, "error: {}\n", why);
    std::exit(status);
}

// CPU time of the process, all its threads.
inline double cpu_seconds() {
    timespec used{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

struct Asked {
    std::uint16_t port = 0;
    int connections = 0;
    Nanos duration{0};
    std::string request;
    bool http = false;
    bool check = false;  // the reply's bytes are the request's
};

inline Asked asked(char** argv) {
    const std::string load = argv[4];
    Asked asked;
    asked.port = static_cast<std::uint16_t>(std::atoi(argv[1]));
    asked.connections = std::atoi(argv[2]);
    asked.duration = from_seconds(std::atof(argv[3]));
    asked.http = load == "http";
    asked.check = load == "echo";
    if (asked.http) {
        asked.request = fmt::format("GET {} HTTP/1.1\r\nHost: bench\r\n\r\n", argv[5]);
    } else if (load == "raw" || load == "echo") {
        const int size = std::atoi(argv[5]);
        for (int i = 0; i < size; ++i) asked.request += static_cast<char>('a' + i % 23);
    }
    if (asked.connections < 1 || asked.request.empty()) fail("CONNECTIONS, SIZE: at least 1");
    return asked;
}

// The connections and what each of them still waits for.
class ClosedLoop {
  public:
    // Opens them and makes a first request.
    explicit ClosedLoop(const Asked& asked) : request_(asked.request), check_(asked.check) {
        net::raise_descriptor_limit();
        for (int i = 0; i < asked.connections; ++i) {
            auto connection = net::connect_tcp({"127.0.0.1", asked.port}, std::chrono::seconds(5));
            if (!connection) fail(connection.error().message);
            connections_.push_back(*std::move(connection));
        }
        missing_.resize(connections_.size());
        cold_.assign(connections_.size(), true);
        cold_left_ = connections_.size();
        reply_ = request_.size();
        send_now(0);
        learn_reply(asked.http);
    }

    std::uint32_t size() const { return static_cast<std::uint32_t>(connections_.size()); }
    int fd(std::uint32_t i) const { return connections_[i].get(); }

    // The request that connection `i` sends next: its reply is waited for from now on.
    std::string_view next(std::uint32_t i) {
        missing_[i] = reply_;
        return request_;
    }

    // The same, sent at once.
    void send_now(std::uint32_t i) {
        const Io io = net::write_some(fd(i), next(i));
        if (io.kind != Io::Kind::bytes || io.bytes.size() != request_.size()) fail("cannot send");
    }

    // What came for connection `i`. True: its reply is whole, the next request is due.
    bool take(std::uint32_t i, std::string_view bytes) {
        if (bytes.empty() || bytes.size() > missing_[i]) fail("a broken reply");
        if (check_ &&
            std::string_view(request_).substr(reply_ - missing_[i], bytes.size()) != bytes) {
            fail("a broken reply");
        }
        missing_[i] -= bytes.size();
        if (missing_[i] > 0) return false;
        if (cold_[i]) {
            cold_[i] = false;
            --cold_left_;
        }
        return true;
    }

    bool warm() const { return cold_left_ == 0; }

  private:
    // An echo is as long as its request. Of HTTP all replies are as long as the first, which comes
    // in one piece.
    void learn_reply(bool http) {
        static char first[64 * 1024];
        bool whole = false;
        while (!whole) {
            const Io io = net::read_some(fd(0), first);
            if (io.kind != Io::Kind::bytes) fail("no reply");
            if (http) reply_ = missing_[0] = io.bytes.size();
            whole = take(0, {io.bytes.data(), io.bytes.size()});
        }
    }

    std::string request_;
    bool check_;
    std::size_t reply_ = 0;
    std::vector<net::Fd> connections_;
    std::vector<std::size_t> missing_;
    std::vector<bool> cold_;  // without a reply so far
    std::size_t cold_left_ = 0;
};

// Client: start() sends the first request of every connection; run_until(end) returns how many
// replies came.
template <class Client>
void measure(Client& client, const ClosedLoop& loop, const Asked& asked) {
    fmt::print("connected\n");
    std::fflush(stdout);
    client.start();
    std::uint64_t warm_up = 0;
    do {
        warm_up += client.run_until(now() + asked.duration / 10);
    } while (!loop.warm());
    fmt::print("warm\n");
    std::fflush(stdout);
    const TimePoint start = now();
    const double cpu_before = cpu_seconds();
    const std::uint64_t requests = client.run_until(start + asked.duration);
    fmt::print("total={} requests={} seconds={:.6f} cpu_s={:.6f}\n", 1 + warm_up + requests,
               requests, seconds(now() - start), cpu_seconds() - cpu_before);
    std::fflush(stdout);
}

}  // namespace echotrio::perf
