// Run options as others see them: the "command" of a result, and the words to type for the same.
#pragma once

#include "loadgen/load/load.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace echotrio::loadgen {

// tcp://host:port or http://host:port/path
std::string url_of(const Target& target);

// Every option as it is in force, under the names of the flags; durations with their units.
nlohmann::ordered_json options_to_json(const RunOptions& options);

// loadgen run URL ..., leaving out what is a default anyway.
std::vector<std::string> command_words(const RunOptions& options);

}  // namespace echotrio::loadgen
