#include "loadgen/report/companions.hpp"

#include "loadgen/results/result_json.hpp"
#include "loadgen/results/results_file.hpp"

#include <fmt/format.h>

#include <filesystem>

namespace echotrio::loadgen {
namespace {

namespace fs = std::filesystem;

// Nothing where there is no such file.
template <class T>
Status read_beside(const fs::path& file, Result<T> (*parse)(const nlohmann::ordered_json&),
                   std::optional<T>& into) {
    std::error_code ignored;
    if (!fs::exists(file, ignored)) return Done{};
    const auto text = read_result_file(file.string());
    if (!text) return text.error();
    const auto json = json_from_text(*text);
    auto value = json ? parse(*json) : Result<T>(json.error());
    if (!value) return Error{fmt::format("{}: {}", file.string(), value.error().message)};
    into = std::move(*value);
    return Done{};
}

// prediction.json has no claims in it, or those that were asked for beside.
Result<Prediction> prediction_of_claims(const nlohmann::ordered_json& json) {
    auto judged = claims_from_json(json);
    if (!judged) return judged.error();
    if (!judged->prediction) return Error{"it holds no prediction"};
    return std::move(*judged->prediction);
}

}  // namespace

Result<Companions> read_companions(const std::string& results) {
    Companions found;
    std::error_code ignored;
    fs::path folder = results;
    if (!fs::is_directory(folder, ignored)) {
        if (folder.filename() != "results.json") return found;
        folder = folder.parent_path();
    }
    for (const Status& read :
         {read_beside(folder / "claims.json", claims_from_json, found.claims),
          read_beside(folder / "prediction.json", prediction_of_claims, found.prediction),
          read_beside(folder / "plan.json", plan_request_from_json, found.plan)}) {
        if (!read) return read.error();
    }
    return found;
}

}  // namespace echotrio::loadgen
