// The threads server: the main thread accepts and starts a thread for each connection.
#pragma once

#include "common/net/fd.hpp"
#include "common/net/server_options.hpp"
#include "common/net/signals.hpp"
#include "common/protocol/session.hpp"
#include "common/work/burner.hpp"
#include "servers/threads/connection.hpp"
#include "servers/threads/gil.hpp"
#include "servers/threads/refusals.hpp"
#include "servers/threads/registry.hpp"

#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <limits>
#include <vector>

namespace echotrio::threads {

// What the deepest frames (a JSON of /stats) and the C library need, and as much again.
inline constexpr std::uint64_t kSmallestStack = 48 * 1024;

struct Options {
    net::ServerOptions common;
    Gil::Options gil;
    std::uint64_t stack_size = 64 * 1024;  // kSmallestStack or more
    std::uint64_t max_threads = std::numeric_limits<std::uint64_t>::max();
};

class Server final : public protocol::StatsSource {
  public:
    // Starts listening. Error: address, port or descriptors.
    static Result<net::Fd> listen(const Options& options);

    Server(const Options& options, net::Fd listener, net::SignalFd signals);
    ~Server() override;
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Serves until SIGTERM or SIGINT and until what is in flight has finished: true. At the drain
    // deadline or a second signal: false; threads still run, so the process must end at once.
    bool run();

    protocol::Stats collect() override;

  private:
    void wait_for_events();
    void accept_waiting();
    void start_thread(net::Fd connection);
    void shed_one();
    bool drain();
    static void* thread_main(void* slot);

    const Options options_;
    const TimePoint started_ = now();
    net::Fd listener_;
    net::SignalFd signals_;
    net::Fd reserve_;   // given up to accept and close one when there are no more
    net::Fd all_done_;  // eventfd: the last of running_ has left
    std::atomic<std::uint64_t> running_{1};  // threads, the main one included
    std::atomic<bool> draining_{false};
    bool stopping_ = false;
    bool pausing_ = false;  // out of descriptors or memory: no accept for a moment
    pthread_attr_t attributes_{};

    const work::Burner burner_;
    Gil gil_;
    Registry registry_;
    const Shared shared_{options_.common, burner_, gil_, *this, draining_};
    protocol::Counters counters_;  // the main thread's: connections turned away
    protocol::Context context_;
    Refusals refusals_{context_, shared_};
    std::vector<pollfd> polled_;
};

}  // namespace echotrio::threads
