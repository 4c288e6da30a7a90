// "Does the model predict Python?": as a section, as JSON and back.
#pragma once

#include "loadgen/document/document.hpp"
#include "loadgen/results/claim.hpp"
#include "loadgen/results/prediction.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace echotrio::loadgen {

nlohmann::ordered_json prediction_to_json(const Prediction& prediction);
// Throws what nlohmann::json throws where something is missing.
Prediction prediction_from_json(const nlohmann::ordered_json& json);

nlohmann::ordered_json ranged_to_json(const Ranged& figure);  // {"value", "ci95"}
Ranged ranged_from_json(const nlohmann::ordered_json& json);
// Throws std::runtime_error: there is no such word.
Agreement agreement_named(const std::string& name);

const char* words_of(Agreement agreement);  // "not testable here"
Mark mark_of(Agreement agreement);

// "0.97 (0.95 to 0.99)"; no interval: "0.97, no interval"; no value: "not comparable"
std::string ratio_in_words(const Ranged& ratio);

Section prediction_section(const Prediction& prediction);

}  // namespace echotrio::loadgen
