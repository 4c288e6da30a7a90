// Where what a server writes during a trial is kept: logs/ in the folder of the results.
#pragma once

#include "loadgen/results/experiment.hpp"

#include <cstdint>
#include <string>

namespace echotrio::loadgen {

// "logs/gunicorn_page_16_r1.log", different for every attempt of every trial. Pure.
std::string log_name(const Trial& trial);

// How many bytes the next log may have: 64 MiB, less where the folder's logs come to 1 GiB, and
// always 64 KiB. Makes logs/ where it is not there.
std::uint64_t log_limit(const std::string& folder);

// Takes an empty one away, and its name.
void drop_empty_log(const std::string& folder, std::string& log);

}  // namespace echotrio::loadgen
