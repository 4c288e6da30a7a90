// The search for the highest rate against servers that are known: sharp ones, noisy ones, ones that
// only fail in long trials, and generators that give out first.
#include "loadgen/schedule/rate_search.hpp"

#include "common/base/rng.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace echotrio::loadgen {
namespace {

using Result = RateSearch::Result;

// Runs a search to its end; fails the test when it does not come to one.
template <class Outcome>
RateSearch finish(RateSearch::Settings settings, Outcome outcome) {
    RateSearch search(settings);
    int steps = 0;
    while (const auto step = search.next()) {
        EXPECT_GE(step->rate, settings.lowest);
        EXPECT_LE(step->rate, settings.highest * (1 + settings.precision));
        search.record(outcome(*step));
        if (++steps > 100) {
            ADD_FAILURE() << "no end";
            break;
        }
    }
    return search;
}

TEST(RateSearch, EnclosesASharpLimit) {
    for (double limit = 13; limit < 1e6; limit *= 1.7) {
        const RateSearch found = finish({}, [&](const RateSearch::Step& step) {
            return step.rate <= limit ? Result::pass : Result::fail;
        });
        ASSERT_TRUE(found.last_pass()) << limit;
        ASSERT_TRUE(found.first_fail()) << limit;
        EXPECT_LE(*found.last_pass(), limit);
        EXPECT_GT(*found.first_fail(), limit);
        EXPECT_LE(*found.first_fail() / *found.last_pass(), 1.0501);
    }
}

TEST(RateSearch, SaysWhenNothingPasses) {
    const RateSearch found = finish({}, [](const auto&) { return Result::fail; });
    EXPECT_FALSE(found.last_pass());
}

TEST(RateSearch, StopsAtTheHighestRateThatMayBeTried) {
    RateSearch::Settings settings;
    settings.highest = 5000;
    const RateSearch found = finish(settings, [](const auto&) { return Result::pass; });
    EXPECT_EQ(*found.last_pass(), 5000);
    EXPECT_FALSE(found.first_fail());
}

TEST(RateSearch, RefusesToJudgeWhereTheGeneratorIsTheLimit) {
    const RateSearch found = finish({}, [](const RateSearch::Step& step) {
        return step.rate < 2000 ? Result::pass : Result::generator_limit;
    });
    ASSERT_TRUE(found.last_pass());
    EXPECT_LT(*found.last_pass(), 2000);
    EXPECT_GT(*found.last_pass(), 1800);
    EXPECT_FALSE(found.first_fail());
    EXPECT_GE(*found.generator_limit(), 2000);
}

TEST(RateSearch, FullTrialsOverruleProbes) {
    // Short probes are too kind: up to 1,000 passes, in a long trial only up to 900.
    const RateSearch kind = finish({}, [](const RateSearch::Step& step) {
        return step.rate <= (step.full ? 900 : 1000) ? Result::pass : Result::fail;
    });
    EXPECT_LE(*kind.last_pass(), 900);
    EXPECT_GT(*kind.first_fail(), 900);
    EXPECT_LE(*kind.first_fail() / *kind.last_pass(), 1.0501);
    // Or too strict.
    const RateSearch strict = finish({}, [](const RateSearch::Step& step) {
        return step.rate <= (step.full ? 1100 : 1000) ? Result::pass : Result::fail;
    });
    EXPECT_GT(*strict.last_pass(), 1000);
    EXPECT_GT(*strict.first_fail(), 1100);
}

TEST(RateSearch, EndsOnNoiseToo) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        Rng rng(seed);
        const RateSearch found = finish({}, [&](const RateSearch::Step& step) {
            const double noise = std::exp(0.1 * rng.normal());
            if (rng.uniform() < 0.02) return Result::generator_limit;
            return step.rate * noise <= 777 ? Result::pass : Result::fail;
        });
        if (found.last_pass()) {
            EXPECT_LT(*found.last_pass(), 777 * 1.5);
        }
    }
}

}  // namespace
}  // namespace echotrio::loadgen
