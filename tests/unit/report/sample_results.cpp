// Prints results.json of the sample experiment, for tests that need a file.
#include "loadgen/report/results_file.hpp"
#include "sample_experiment.hpp"

#include <cstdio>

int main() {
    using namespace echotrio::loadgen;
    const Experiment experiment = sample_experiment();
    const std::string text =
        to_text(experiment_to_json(experiment, digest(experiment).comparisons));
    return std::fputs(text.c_str(), stdout) < 0 ? 1 : 0;
}
