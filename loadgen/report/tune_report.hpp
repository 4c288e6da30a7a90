// What `loadgen tune` found as a document, as JSON, and as a configuration to deploy.
#pragma once

#include "common/base/result.hpp"
#include "loadgen/document/document.hpp"
#include "loadgen/results/tuning.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace echotrio::loadgen {

Document tune_document(const Tuning& tuning);

// "best" has each axis by its name (a number where the axis is of numbers), and is null where no
// setting meets the objective; "command" and "environment" are the caller's.
nlohmann::ordered_json tune_to_json(const Tuning& tuning);

// The answer in a sentence; where there is none, why, and what came nearest.
std::string answer_sentence(const Tuning& tuning);

// Whether there is a best setting, or it is known that there is none.
bool is_judged(const Tuning& tuning);

// The forms of tune_emit: "env", "gunicorn", "k8s".
const std::vector<std::string>& emit_forms();

// Error: "--vary: ...": an axis that the form can't write. An empty form writes nothing.
Status can_emit(const std::vector<TunedAxis>& axes, std::string_view form);

// The best setting as a configuration, with the arithmetic in comments. Precondition: there is one,
// the form is one of emit_forms(), and can_emit() the axes.
std::string tune_emit(const Tuning& tuning, std::string_view form);

// The rate of a setting, "1,240/s (1,180 to 1,300)", or why it has none.
std::string rate_words(const TunedSetting& setting);

}  // namespace echotrio::loadgen
