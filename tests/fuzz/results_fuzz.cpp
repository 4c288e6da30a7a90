// results.json and what `run --json` wrote: any text is read or refused in a line, what is read
// writes and reads back as the same, and every report can be made of it.
#include "common/base/check.hpp"
#include "loadgen/document/text.hpp"
#include "loadgen/findings/results_json.hpp"
#include "loadgen/report/comparison_csv.hpp"
#include "loadgen/report/comparison_document.hpp"
#include "loadgen/results/result_json.hpp"
#include "loadgen/results/results_file.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <string>

namespace echotrio::test {
namespace {

using namespace loadgen;

void check_server_use(std::string_view text) {
    const auto json = json_from_text(text);
    if (!json) return;
    const auto use = server_use_from_json(*json);
    if (!use) return;
    const auto again = server_use_from_json(server_use_to_json(*use));
    CHECK(again.ok() && server_use_to_json(*again) == server_use_to_json(*use));
}

void check_experiment(std::string_view text) {
    const auto experiment = experiment_from_text(text);
    if (!experiment) {
        CHECK(!experiment.error().message.empty());
        return;
    }
    const Digest told = digest(*experiment);
    const std::string written = to_text(results_to_json(*experiment, told.comparisons));
    const auto again = experiment_from_text(written);
    CHECK(again.ok());
    CHECK(to_text(results_to_json(*again, told.comparisons)) == written);
    CHECK(!to_markdown(comparison_document(*experiment, told)).empty());
    CHECK(!to_csv(*experiment).empty());
}

}  // namespace
}  // namespace echotrio::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = echotrio::test::text_of(data, size);
    echotrio::test::check_server_use(text);
    echotrio::test::check_experiment(text);
    return 0;
}
