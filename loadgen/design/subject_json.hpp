// A subject as it stands in results.json, under "server" of its entry in "models", and back.
#pragma once

#include "loadgen/results/subject.hpp"

#include <nlohmann/json.hpp>

namespace echotrio::loadgen {

nlohmann::ordered_json subject_to_json(const Subject& subject);

// Throws what nlohmann throws, or a std::runtime_error that names the key.
Subject subject_from_json(const nlohmann::ordered_json& json);

}  // namespace echotrio::loadgen
