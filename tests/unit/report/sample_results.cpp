// Prints results.json of the sample experiment, or with "maximal" of the largest one, or with
// "claims" the claims that lie beside it: for tests that need files.
#include "loadgen/findings/results_json.hpp"
#include "loadgen/results/results_file.hpp"
#include "tests/support/sample_experiment.hpp"

#include <cstdio>
#include <string_view>

int main(int argc, char** argv) {
    using namespace echotrio::loadgen;
    const std::string_view what = argc > 1 ? argv[1] : "";
    if (what == "claims") {
        const auto json = claims_to_json(*sample_companions().claims, nullptr, 1);
        return std::fputs(to_text(json).c_str(), stdout) < 0 ? 1 : 0;
    }
    const Experiment experiment = what == "maximal" ? maximal_experiment() : sample_experiment();
    const std::string text = to_text(results_to_json(experiment, digest(experiment).comparisons));
    return std::fputs(text.c_str(), stdout) < 0 ? 1 : 0;
}
