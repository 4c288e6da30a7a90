#include "common/base/to_count.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace echotrio {
namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

TEST(ToCount, KeepsWhatIsACount) {
    EXPECT_EQ(to_count(0), 0U);
    EXPECT_EQ(to_count(1.9), 1U);
    EXPECT_EQ(to_count(1e15), 1'000'000'000'000'000U);
    EXPECT_EQ(to_count(std::nextafter(std::ldexp(1.0, 64), 0)), kMost - 2047);
}

TEST(ToCount, HasAnAnswerForTheRest) {
    EXPECT_EQ(to_count(-1), 0U);
    EXPECT_EQ(to_count(std::nan("")), 0U);
    EXPECT_EQ(to_count(std::ldexp(1.0, 64)), kMost);
    EXPECT_EQ(to_count(1e300), kMost);
    EXPECT_EQ(to_count(std::numeric_limits<double>::infinity()), kMost);
}

}  // namespace
}  // namespace echotrio
