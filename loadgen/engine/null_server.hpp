// A server that does nothing, inside the generator: what `calibrate` measures the generator
// against. It can hold every reply back for a known time and stall once; its own clock says for how
// long it really did. One thread, raw echo of whatever a read brings.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/net/fd.hpp"
#include "common/net/socket.hpp"
#include "loadgen/record/histogram.hpp"

#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace echotrio::loadgen {

class NullServer {
  public:
    struct Behaviour {
        Nanos delay{0};         // of each reply
        Nanos stall{0};         // it stops once for so long ...
        Nanos stall_after{0};   // ... so long after the first request
        std::vector<int> cpus;  // where its thread runs; empty = anywhere
    };

    // Listens on a free port of 127.0.0.1. Error: no port or descriptor left.
    static Result<std::unique_ptr<NullServer>> start(const Behaviour& behaviour);
    ~NullServer();
    NullServer(const NullServer&) = delete;
    NullServer& operator=(const NullServer&) = delete;

    const net::HostPort& where() const { return where_; }

    struct Report {
        Histogram held;  // ns from a request's read to its reply's write
        Nanos stalled{0};
    };
    // Ends it. May be called once.
    Report stop();

  private:
    struct Reply {
        int fd;
        TimePoint came, due;
        std::string bytes;
    };
    NullServer(const Behaviour& behaviour, net::Fd listener, net::HostPort where);
    void serve();
    void accept_all();
    void request(int fd);
    void send_due();
    void stall_once();

    const Behaviour behaviour_;
    net::Fd listener_, epoll_;
    net::HostPort where_;
    std::unordered_map<int, net::Fd> connections_;
    std::deque<Reply> waiting_;  // by due time: the delay is the same for all
    std::vector<char> buffer_;
    TimePoint first_;
    Report report_;
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

}  // namespace echotrio::loadgen
