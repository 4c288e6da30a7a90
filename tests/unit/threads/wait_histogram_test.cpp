#include "servers/threads/wait_histogram.hpp"

#include "common/base/rng.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace echotrio::threads {
namespace {

TEST(WaitHistogram, EmptyHasNoQuantile) {
    EXPECT_EQ(WaitHistogram().quantile(0.5), Nanos(0));
    EXPECT_EQ(WaitHistogram().count(), 0U);
}

TEST(WaitHistogram, IsWithinAnEighthOfASortedArray) {
    Rng rng(1);
    WaitHistogram histogram;
    std::vector<std::int64_t> values;
    for (int i = 0; i < 20'000; ++i) {
        const auto value = static_cast<std::int64_t>(std::exp2(rng.uniform() * 40));
        values.push_back(value);
        histogram.record(Nanos(value));
    }
    std::sort(values.begin(), values.end());
    for (const double fraction : {0.001, 0.01, 0.25, 0.5, 0.9, 0.99, 0.9999, 1.0}) {
        const auto rank = static_cast<std::size_t>(std::ceil(fraction * 20'000));
        const auto exact = static_cast<double>(values[rank - 1]);
        const auto told = static_cast<double>(histogram.quantile(fraction).count());
        EXPECT_GE(told, exact) << fraction;
        EXPECT_LE(told, exact * 1.125) << fraction;
    }
}

TEST(WaitHistogram, TakesTheLeastAndTheMost) {
    WaitHistogram histogram;
    histogram.record(Nanos(-5));
    EXPECT_EQ(histogram.quantile(1), Nanos(0));
    histogram.record(Nanos(std::numeric_limits<std::int64_t>::max()));
    EXPECT_EQ(histogram.quantile(1), Nanos(std::numeric_limits<std::int64_t>::max()));
    EXPECT_EQ(histogram.count(), 2U);
}

}  // namespace
}  // namespace echotrio::threads
