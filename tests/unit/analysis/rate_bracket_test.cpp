// Finding a rate from a guess: how near, in how few trials.
#include "loadgen/analysis/rate_bracket.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace echotrio::loadgen {
namespace {

struct Found {
    double pass = 0, miss = 0;
    int trials = 0;
};

// A server that meets the objective up to `most` and gets `done` done when it is overloaded.
Found find(RateBracket::Options options, double most, double done) {
    RateBracket bracket(options);
    Found found;
    while (const auto rate = bracket.next()) {
        ++found.trials;
        const bool passed = *rate <= most;
        bracket.record(passed, !passed && *rate > done ? std::optional(done) : std::nullopt);
        if (found.trials > 60) break;
    }
    found.pass = bracket.last_pass().value_or(0);
    found.miss = bracket.first_miss().value_or(0);
    return found;
}

TEST(RateBracket, EnclosesTheHighestRateFromAnyGuess) {
    for (const double most : {20.0, 45.0, 1000.0, 40'000.0}) {
        for (const double start : {10.0, 100.0, 900.0, 1e5}) {
            for (const double step : {1.05, 1.25, 1.4}) {
                const Found found =
                    find({.start = start, .step = step, .precision = 0.05}, most, most * 1.1);
                EXPECT_LE(found.pass, most);
                EXPECT_GT(found.miss, most);
                EXPECT_LE(found.miss / found.pass, 1.0501) << most << ' ' << start << ' ' << step;
                EXPECT_LE(found.trials, 16) << most << ' ' << start << ' ' << step;
            }
        }
    }
}

// Where two servers' highest rates lie between the same two of a grid, both searches end at these,
// wherever they began and whatever they learned on the way.
TEST(RateBracket, OnTheSameGridEqualsEndAtTheSameRates) {
    for (const double grid : {1.0, 1.02, 1.05}) {
        for (const double most : {20.0, 45.0, 1000.0, 40'000.0}) {
            const double step = std::log(1.05);
            const double last = std::floor((std::log(most / grid)) / step);
            for (const double start : {10.0, 100.0, 970.0, 1e5}) {
                for (const double done : {most * 0.1, most * 0.97, most * 1.1}) {
                    const Found found =
                        find({.start = start, .step = 1.05, .precision = 0.05, .grid = grid}, most,
                             done);
                    EXPECT_NEAR(found.pass, grid * std::exp(last * step), most * 1e-6) << start;
                    EXPECT_NEAR(found.miss / found.pass, 1.05, 1e-6) << start;
                    EXPECT_LE(found.trials, 16) << most << ' ' << start << ' ' << done;
                }
            }
        }
    }
}

TEST(RateBracket, TheEndsOfTheRatesBoundAGridToo) {
    EXPECT_EQ(find({.start = 100, .lowest = 5, .grid = 1.01}, 1, 0).pass, 0);
    EXPECT_EQ(find({.start = 100, .highest = 300, .grid = 1.01}, 1e9, 1e9).pass, 300);
    const Found low = find({.start = 100, .precision = 0.1, .lowest = 5, .grid = 1.01}, 5.3, 5.2);
    EXPECT_GE(low.pass, 5);
    EXPECT_LE(low.miss / low.pass, 1.1 + 1e-6);
}

TEST(RateBracket, NeedsTwoTrialsWhereTheGuessIsRight) {
    const Found found = find({.start = 1000, .step = 1.05, .precision = 0.05}, 1020, 1100);
    EXPECT_EQ(found.trials, 2);
    EXPECT_DOUBLE_EQ(found.pass, 1000);
}

// What an overloaded server got done is a good guess, and only a guess: it may be far below.
TEST(RateBracket, LearnsFromAnOverloadAndIsNotMisledByIt) {
    EXPECT_LE(find({.start = 10'000, .step = 1.4, .precision = 0.1}, 45, 48).trials, 5);
    const Found collapses = find({.start = 2000, .step = 1.4, .precision = 0.1}, 1000, 100);
    EXPECT_LE(collapses.pass, 1000);
    EXPECT_GE(collapses.pass, 900);
}

TEST(RateBracket, StaysWithinItsEnds) {
    EXPECT_EQ(find({.start = 100, .lowest = 5}, 1, 0).pass, 0);
    EXPECT_EQ(find({.start = 100, .highest = 300}, 1e9, 1e9).pass, 300);
    EXPECT_EQ(find({.start = 100, .highest = 300}, 1e9, 1e9).miss, 0);
}

TEST(RateBracket, WhatCannotBeToldIsAboveTheAnswer) {
    RateBracket bracket({.start = 100, .step = 2, .precision = 0.5});
    bracket.record(true);
    bracket.give_up();  // at 200
    ASSERT_TRUE(bracket.next());
    EXPECT_LT(*bracket.next(), 200);
    EXPECT_GT(*bracket.next(), 100);
}

}  // namespace
}  // namespace echotrio::loadgen
