// Clients that keep a server with worker processes busy while a test does something to it, and
// count what became of every request.
#pragma once

#include "tests/support/server.hpp"

#include <nlohmann/json.hpp>

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace echotrio::test {

// Pids of the workers.
std::vector<int> workers_of(const nlohmann::json& stats);

class Load {
  public:
    enum class Kind : std::uint8_t {
        raw,    // echo on a connection that stays open
        http,   // keep-alive, until the server says "Connection: close"
        churn,  // a connection for each raw request
    };
    struct Tally {
        std::uint64_t answered = 0;
        std::uint64_t refused = 0;  // no connection
        std::uint64_t lost = 0;     // sent, no whole reply came
        std::uint64_t wrong = 0;    // another reply than expected
        std::uint64_t connections = 0;
    };

    // One client for each element, until stop().
    Load(const net::HostPort& where, const std::vector<Kind>& clients);
    ~Load();
    Load(const Load&) = delete;
    Load& operator=(const Load&) = delete;

    // Returns once this many requests were answered after the call (in all).
    void wait_for(std::uint64_t more) const;
    // What all clients saw.
    Tally stop();

  private:
    struct Worker {
        Tally tally;
        std::thread thread;
    };
    void run(Kind kind, Tally& tally);
    bool request(Client& client, Kind kind, Tally& tally, bool& last) const;

    const net::HostPort where_;
    std::atomic<bool> stopping_{false};
    std::atomic<std::uint64_t> answered_{0};
    std::vector<Worker> clients_;
};

}  // namespace echotrio::test
