// A server to be started for a trial, ours or anybody's, as plain data: the command, when it is
// ready, how it is asked to leave, and what it can be asked.
#pragma once

#include "common/base/clock.hpp"

#include <chrono>
#include <csignal>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace echotrio::loadgen {

// How we know that it takes connections.
struct ReadyRule {
    enum class Kind : std::uint8_t {
        tcp,   // a connection to its port succeeds
        path,  // GET `text` is answered with a status below 400
        log,   // it has written `text`, and a connection succeeds
        line,  // it prints "ready ... host=H port=P", as our servers do; the port is its choice
    };
    Kind kind = Kind::tcp;
    std::string text{};
    Nanos timeout = std::chrono::seconds(30);
};

// How it is asked to leave; after `grace` whatever is left of it is killed.
struct StopRule {
    int signal = SIGTERM;
    Nanos grace = std::chrono::seconds(10);
};

struct Subject {
    std::string label;
    // In the words {host} {port} {cpus} {dir} stand for what a trial knows, {{ for a brace.
    std::vector<std::string> argv;
    std::vector<std::pair<std::string, std::string>> env{};  // added to ours; filled in, too
    std::string dir{};  // {dir}, absolute; empty = where we are
    std::string cwd{};  // where it is started, absolute; empty = `dir`
    ReadyRule ready{};
    StopRule stop{};
    std::vector<int> cpus{};  // pinned to these; empty = the server's share of the machine
    // What the workload `page` asks for, and the status that its replies must have.
    std::string path = "/";
    std::uint16_t expect_status = 200;
    // It answers GET /echo/hi with "hi": it takes every workload, and has /stats.
    bool speaks_our_protocol = false;
};

}  // namespace echotrio::loadgen
