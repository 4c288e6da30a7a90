// The machine and the build that numbers came from, for the "environment" of every result.
#pragma once

#include <nlohmann/json.hpp>

namespace echotrio::loadgen {

// What can't be read (a container hides some of it) is null.
nlohmann::ordered_json describe_environment();

}  // namespace echotrio::loadgen
