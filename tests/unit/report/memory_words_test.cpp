// What console, report and plan say of memory, by how much of it the system told.
#include "loadgen/document/text.hpp"
#include "loadgen/report/comparison_document.hpp"
#include "tests/support/sample_experiment.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <utility>

namespace echotrio::loadgen {
namespace {

std::string report_of(const std::function<void(Trial&)>& change) {
    Experiment experiment = sample_experiment();
    for (Trial& trial : experiment.trials) {
        if (trial.result.server) change(trial);
    }
    return to_markdown(comparison_document(experiment, digest(experiment), sample_companions()));
}

bool says(const std::string& text, std::string_view what) {
    return text.find(what) != std::string::npos;
}

constexpr const char* kIncluded = "kernel included";
constexpr const char* kFromSlab = "the kernel's part from Slab, whole machine";
constexpr const char* kUserOnly = "user memory only";

TEST(MemoryWords, KernelIncludedOnlyWhereEveryPartWasRead) {
    const std::string text = report_of([](Trial& trial) {
        const auto n = static_cast<double>(trial.point.level.connections);
        trial.result.server->memory["socket_objects"] = 3400 * n;
        trial.result.server->memory["task_objects"] = 100 * n;
    });
    EXPECT_TRUE(says(text, "Memory per connection, kernel included"));
    EXPECT_TRUE(says(text, "each, kernel included"));
    EXPECT_FALSE(says(text, kFromSlab));
    EXPECT_FALSE(says(text, kUserOnly));
}

TEST(MemoryWords, TheSourceIsNamedWhereItIsSlab) {
    const std::string text = report_of([](Trial&) {});
    EXPECT_TRUE(says(text, std::string("Memory per connection, ") + kFromSlab));
    EXPECT_TRUE(says(text, std::string("each, ") + kFromSlab));
    EXPECT_FALSE(says(text, kIncluded));
    EXPECT_FALSE(says(text, kUserOnly));
}

TEST(MemoryWords, UserMemoryOnlyHasNoPlan) {
    const std::string text =
        report_of([](Trial& trial) { trial.result.server->memory.erase("slab"); });
    EXPECT_TRUE(says(text, std::string("Memory per connection, ") + kUserOnly));
    EXPECT_TRUE(says(text, std::string("each, ") + kUserOnly));
    EXPECT_TRUE(says(text, "prefork, threads, coroutine: no plan for memory")) << text;
    EXPECT_FALSE(says(text, kIncluded));
    EXPECT_FALSE(says(text, kFromSlab));
}

// A pool's row says what it leaves out; what the others' rows say is not less for it.
TEST(MemoryWords, APoolTellsLessThanTheSlopesBesideIt) {
    Experiment experiment = sample_experiment();
    experiment.settings["fresh_servers"] = false;
    for (Trial& trial : experiment.trials) {
        if (trial.point.variant == "prefork") trial.result.server->processes = 257;
    }
    std::stable_sort(experiment.trials.begin(), experiment.trials.end(),
                     [](const Trial& a, const Trial& b) {
                         return std::pair(a.point.repetition, a.point.level.connections) <
                                std::pair(b.point.repetition, b.point.level.connections);
                     });
    const std::string text =
        to_markdown(comparison_document(experiment, digest(experiment), sample_companions()));
    EXPECT_TRUE(
        says(text, std::string("Memory per connection, ") + kFromSlab + "; of a pool " + kUserOnly))
        << text;
    EXPECT_TRUE(says(text, "a pool of 257")) << text;
}

// The card names one as the best only where its interval ends below the others'.
TEST(MemoryWords, NoneIsTheBestWhereIntervalsOverlap) {
    const auto card = [](double noise) {
        int turn = 0;
        return report_of([&](Trial& trial) {
            const auto n = static_cast<double>(trial.point.level.connections);
            const double wobble = (turn++ % 2 == 0) ? noise : -noise;
            trial.result.server->memory["pss"] = 1e6 + n * (500 + wobble);
            trial.result.server->memory.erase("slab");
        });
    };
    EXPECT_TRUE(says(card(490), "idle: no difference shown"));
    EXPECT_FALSE(says(report_of([](Trial&) {}), "idle: no difference shown"));
}

}  // namespace
}  // namespace echotrio::loadgen
