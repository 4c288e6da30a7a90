// The flags that say what load to make, for `run` and `search`.
#pragma once

#include "loadgen/commands/replay_options.hpp"
#include "loadgen/commands/server_options.hpp"
#include "loadgen/load/load.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace echotrio::loadgen {

struct LoadFlags {
    std::string url;
    RunOptions run;
    std::optional<std::uint64_t> size;
    std::string rate;
    std::string arrival = "poisson";
    std::string idle_strategy = "auto";
    std::string start_at;
    std::string body;
    std::vector<std::string> classes;
    std::optional<pid_t> pid;
    std::string observer_text;
    std::optional<net::HostPort> observer;  // of these two, at most one
    std::string shard;
    double ceiling_rps = 0;
    ServerFlag server;
    ReplayFlags replay;
};

// --idle-strategy; `name` holds the default.
void add_idle_strategy(CLI::App& command, std::string& name);

// What is asked for by HTTP: --method, --body, --header, --class, --expect-status, --no-check.
void add_http_flags(CLI::App& command, LoadFlags& flags);

// Adds them; flags.run holds the defaults. `with_rate`: also --rate, --think, --duration ...
void add_load_flags(CLI::App& command, LoadFlags& flags, bool with_rate);

// What the flags mean together, in flags.run. Error: "--flag: what is wrong", for exit status 2.
Status finish_load_flags(LoadFlags& flags, const CLI::App& command);

// "64 connections, closed loop, 10s after 1s of warm-up"; `replay`: what it replays, in words.
std::string describe_load(const RunOptions& options, const std::string& replay = "");

}  // namespace echotrio::loadgen
