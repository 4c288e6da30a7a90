// The flags of `run` that send recorded arrivals again, or record a run's own.
#pragma once

#include "loadgen/commands/traffic_file.hpp"
#include "loadgen/engine/run.hpp"
#include "loadgen/load/load.hpp"

#include <optional>
#include <string>

namespace echotrio::loadgen {

struct ReplayFlags {
    TrafficFile file;
    std::string speed = "1x";
    bool loop = false;
    bool has_duration = false;       // --duration was given
    std::optional<Traffic> traffic;  // once it was read
};

void add_replay_flags(CLI::App& command, ReplayFlags& flags);

// What the flags mean together, in run.replay, whose recording is not read yet. Error: "--flag:
// why", for exit status 2.
Status finish_replay_flags(ReplayFlags& flags, const CLI::App& command, RunOptions& run);

// Reads the file, if one was asked for; the run then lasts to its end unless --duration said
// otherwise. Error: for exit status 1.
Status read_replay(ReplayFlags& flags, RunOptions& run);

// ", replay of access.log at twice its speed: 1,000 requests in 60 s"
std::string describe_replay(const ReplayFlags& flags, const RunOptions& run);

// What the command's "replay" says in JSON; null without one.
nlohmann::ordered_json replay_to_json(const ReplayFlags& flags, const RunOptions& run);

// Writes what a run asked for to the file of --record, as NDJSON.
Status write_record(const std::string& path, const RunRecord& record);

}  // namespace echotrio::loadgen
