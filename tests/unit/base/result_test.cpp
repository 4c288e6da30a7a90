// A value or an error, and checks that abort.
#include "common/base/result.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace echotrio {
namespace {

TEST(Result, HoldsAValueOrAnError) {
    Result<int> value = 5;
    EXPECT_TRUE(value);
    EXPECT_EQ(*value, 5);
    const Result<int> error = Error{"no"};
    EXPECT_FALSE(error);
    EXPECT_EQ(error.error().message, "no");
    Result<std::unique_ptr<int>> owned = std::make_unique<int>(7);
    const auto taken = *std::move(owned);
    EXPECT_EQ(*taken, 7);
}

TEST(ResultDeathTest, AbortsWhenTheWrongSideIsAskedFor) {
    const Result<int> error = Error{"the reason"};
    EXPECT_DEATH((void)error.value(), "the reason");
    const Result<int> value = 1;
    EXPECT_DEATH((void)value.error(), "check failed");
}

TEST(CheckDeathTest, PrintsTheConditionAndTheValues) {
    EXPECT_DEATH(CHECK(1 + 1 == 3), "result_test.cpp:[0-9]+: check failed: 1 \\+ 1 == 3");
    const unsigned used = 7;
    const unsigned capacity = 3;
    EXPECT_DEATH(CHECK_LE(used, capacity), "used <= capacity \\(7, 3\\)");
}

}  // namespace
}  // namespace echotrio
