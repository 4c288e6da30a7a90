// The seeded generator: the same everywhere, and of the distributions that it claims.
#include "common/base/rng.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace echotrio {
namespace {

TEST(Rng, GivesThePublishedSequence) {
    // SplitMix64 from seed 1234567: reference values of the algorithm's public-domain C source.
    Rng rng(1234567);
    EXPECT_EQ(rng.next(), 6457827717110365317ULL);
    EXPECT_EQ(rng.next(), 3203168211198807973ULL);
    EXPECT_EQ(rng.next(), 9817491932198370423ULL);
}

TEST(Rng, HasTheMomentsOfItsDistributions) {
    Rng rng(1);
    constexpr int kDraws = 200'000;
    double uniform = 0;
    double exponential = 0;
    double exponential2 = 0;
    double normal = 0;
    double normal2 = 0;
    for (int i = 0; i < kDraws; ++i) {
        const double u = rng.uniform();
        ASSERT_GE(u, 0);
        ASSERT_LT(u, 1);
        uniform += u;
        const double e = rng.exponential();
        ASSERT_GE(e, 0);
        exponential += e;
        exponential2 += e * e;
        const double n = rng.normal();
        normal += n;
        normal2 += n * n;
    }
    EXPECT_NEAR(uniform / kDraws, 0.5, 0.005);
    EXPECT_NEAR(exponential / kDraws, 1, 0.02);
    EXPECT_NEAR(exponential2 / kDraws, 2, 0.1);  // variance 1
    EXPECT_NEAR(normal / kDraws, 0, 0.02);
    EXPECT_NEAR(normal2 / kDraws, 1, 0.02);
}

TEST(Rng, DrawsBelowABoundEvenly) {
    Rng rng(2);
    std::vector<int> seen(7);
    for (int i = 0; i < 70'000; ++i) ++seen.at(rng.below(7));
    for (const int n : seen) EXPECT_NEAR(n, 10'000, 500);
}

TEST(Rng, SplitsIntoStreamsThatDiffer) {
    const Rng root(9);
    Rng first = root.split(0);
    Rng again = root.split(0);
    Rng second = root.split(1);
    const auto value = first.next();
    EXPECT_EQ(value, again.next());
    EXPECT_NE(value, second.next());
}

TEST(Rng, ShufflesEveryOrderAlike) {
    Rng rng(5);
    std::vector<int> first_place(4);
    for (int i = 0; i < 40'000; ++i) {
        std::vector<int> items(4);
        std::iota(items.begin(), items.end(), 0);
        rng.shuffle(items);
        ++first_place.at(static_cast<std::size_t>(items[0]));
        std::sort(items.begin(), items.end());
        ASSERT_EQ(items, (std::vector<int>{0, 1, 2, 3}));
    }
    for (const int n : first_place) EXPECT_NEAR(n, 10'000, 500);
}

}  // namespace
}  // namespace echotrio
