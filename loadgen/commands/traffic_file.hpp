// Recorded traffic from a file, for `run --replay` and `plan --traffic`, and what is to be said of
// it.
#pragma once

#include "common/base/cli.hpp"
#include "loadgen/traffic/traffic.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace echotrio::loadgen {

struct TrafficFile {
    std::string path;  // - = standard input; empty = none is wanted
    std::string format = "auto";
};

// "--NAME FILE" and "--NAME-format".
void add_traffic_file(CLI::App& command, TrafficFile& file, const std::string& name,
                      std::string help);

// Error: names the file.
Result<Traffic> load_traffic(const TrafficFile& file);

// "access.log"; standard input by that name.
std::string name_of(const TrafficFile& file);

// What was found, and what was made of it: a line for each.
std::vector<std::string> traffic_notes(const TrafficFile& file, const Traffic& traffic);

// {"file", "format", "requests", "length_s", "skipped": {reason: {"count", "first"}}, ...}
nlohmann::ordered_json traffic_to_json(const TrafficFile& file, const Traffic& traffic);

}  // namespace echotrio::loadgen
