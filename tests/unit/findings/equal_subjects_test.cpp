// Two subjects that are the same program: a comparison of them with as many repetitions as usual,
// or twice as many, says "no difference" as often as its intervals promise.
#include "common/base/rng.hpp"
#include "loadgen/design/plan.hpp"
#include "loadgen/findings/digest.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace echotrio::loadgen {
namespace {

// A trial of a few per cent of noise, with a stall in one of twenty, as machines have them.
Trial trial(const std::string& label, std::uint64_t repetition, Rng& rng) {
    Trial made;
    made.point = {label, {"http", 64}, repetition};
    const double noise = rng.normal();
    const double stall = rng.uniform() < 0.05 ? 0.85 : 1;
    made.result.requests = 10'000;
    made.result.throughput_rps = 20'000 * std::exp(0.03 * noise) * stall;
    made.result.connections.opened = made.result.connections.served = 64;
    return made;
}

// Of so many comparisons of so many rounds, how many find no difference.
int without_difference(int comparisons, std::uint64_t repetitions) {
    int none = 0;
    for (int i = 0; i < comparisons; ++i) {
        Rng rng(static_cast<std::uint64_t>(2026 + i));
        Experiment experiment;
        experiment.seed = static_cast<std::uint64_t>(i);
        Plan plan;
        plan.variants = {{"coroutine", "coroutine", {}}, {"mine", "mine", {}}};
        plan.workloads = {*find_workload(standard_workloads(), "http")};
        plan.levels = {{"http", 64}};
        plan.repetitions = repetitions;
        experiment.settings = plan_to_json(plan);
        for (std::uint64_t r = 1; r <= repetitions; ++r) {
            for (const Variant& variant : plan.variants) {
                experiment.trials.push_back(trial(variant.label, r, rng));
            }
        }
        const Digest told = digest(experiment);
        const Comparison* c = told.comparison({"http", 64}, "throughput_rps", "coroutine", "mine");
        none += c != nullptr && c->finding == Direction::no_difference ? 1 : 0;
    }
    return none;
}

TEST(EqualSubjects, ShowNoDifference) {
    for (const std::uint64_t repetitions : {5U, 10U}) {
        // 95 % is what the interval promises, so as many seeds fall below as above. Two standard
        // errors less: 400 x 0.95 - 2 sqrt(400 x 0.95 x 0.05) = 380 - 8.7.
        const int none = without_difference(400, repetitions);
        EXPECT_GE(none, 371) << "of 400, at " << repetitions << " repetitions";
    }
}

}  // namespace
}  // namespace echotrio::loadgen
