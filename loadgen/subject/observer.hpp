// A server in another container, seen through `loadgen observe` beside it: the questions that
// GroupProbe answers for a process of this machine, asked over HTTP. The observer's figures are
// counted since its start, so any number of generators may ask; the differences are taken here.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/net/socket.hpp"
#include "loadgen/probe/group.hpp"
#include "loadgen/results/run_result.hpp"

#include <future>
#include <optional>
#include <string>
#include <vector>

namespace echotrio::loadgen {

// Names this machine, the same in all of its containers, until it is started again; "" = unknown.
std::string machine_identity();

// The key beside a ServerUse in an observer's answers: seconds since its CPU time was read.
inline constexpr const char* kReadAgo = "read_s_ago";
// Behind the path of a question: as GroupProbe::count_threads(false).
inline constexpr const char* kWithoutThreads = "?threads=no";

class Observer {
  public:
    // Error: it does not answer there, or what answers is no observer.
    static Result<Observer> attach(const net::HostPort& where);

    // Whether the observed server runs on this machine, and on which CPUs it may.
    bool on_this_machine() const { return on_this_machine_; }
    // As in ServerUse; empty where a machine does not tell which it is.
    std::optional<std::uint64_t> ends_here() const { return ends_here_; }
    const std::vector<int>& server_cpus() const { return server_cpus_; }

    // As in GroupProbe, with the cgroup of the server's container in ServerUse::cgroup. A question
    // that gets no answer leaves its figures out. At the window's ends the caller does not wait for
    // the answer: use() and sample() do.
    void count_threads(bool count) { query_ = count ? "" : kWithoutThreads; }
    void window_nears() {}  // its readings cost nothing here
    void window_begins();
    void window_ends();
    TimePoint begun_at() const;
    TimePoint ended_at() const;
    GroupProbe::Sample sample();
    MemoryUse memory();
    // Empty when the observer did not answer at both ends of the window.
    std::optional<ServerUse> use(std::uint64_t requests) const;

  private:
    // What an observer counted until `at`, or a little before.
    struct Reading {
        std::optional<ServerUse> use;
        TimePoint at{};
    };
    static Reading ask(const net::HostPort& where, const std::string& path);
    std::shared_future<Reading> ask_in_background() const;

    explicit Observer(net::HostPort where) : where_(std::move(where)) {}
    net::HostPort where_;
    std::string query_;
    bool on_this_machine_ = false;
    std::optional<std::uint64_t> ends_here_;
    std::vector<int> server_cpus_;
    std::shared_future<Reading> begin_, end_;
    MemoryUse memory_;
};

}  // namespace echotrio::loadgen
