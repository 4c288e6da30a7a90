// Results of several generators as the result of one load, judged; from files or as they came.
#pragma once

#include "common/base/result.hpp"
#include "loadgen/results/merge.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <vector>

namespace echotrio::loadgen {

// What one generator found, as `run --json` says it.
struct RunPart {
    MergePart merge;
    nlohmann::ordered_json command;
};
// Error: it is no such result.
Result<RunPart> part_from_json(const nlohmann::ordered_json& json);

// Where the generators met, `generators` says what became of each; those that are lost have no
// part. Error: as of merge_results.
Result<Merged> merge_and_judge(const std::vector<RunPart>& parts,
                               std::optional<std::vector<GeneratorPart>> generators = {});

// As `merge --json` says it; "merged" has `more` beside the commands and the overlap.
nlohmann::ordered_json merged_to_json(const std::vector<RunPart>& parts, const Merged& merged,
                                      nlohmann::ordered_json more);

}  // namespace echotrio::loadgen
