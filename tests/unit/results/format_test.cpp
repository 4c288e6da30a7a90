// Figures as people read them.
#include "loadgen/results/format.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace echotrio::loadgen {
namespace {

TEST(Format, CountsHaveThreeSignificantDigits) {
    const std::pair<double, const char*> rows[] = {
        {0, "0"},
        {1, "1.00"},
        {0.5, "0.500"},
        {0.01234, "0.0123"},
        {0.000123, "0.0001"},
        {9.994, "9.99"},
        {12.34, "12.3"},
        {99.94, "99.9"},
        {123.4, "123"},
        {999.4, "999"},
        {999.6, "1,000"},
        {41'234, "41,200"},
        {41'250, "41,300"},
        {1'234'567, "1,230,000"},
        {-41'234, "-41,200"},
        {-0.5, "-0.500"},
    };
    for (const auto& [value, text] : rows) EXPECT_EQ(format_count(value), text) << value;
}

TEST(Format, WhatIsNoNumberIsADash) {
    EXPECT_EQ(format_count(std::numeric_limits<double>::quiet_NaN()), "-");
    EXPECT_EQ(format_count(std::numeric_limits<double>::infinity()), "-");
    EXPECT_EQ(format_count(-std::numeric_limits<double>::infinity()), "-");
}

TEST(Format, ExactCountsKeepTheirDigits) {
    EXPECT_EQ(format_exact_count(0), "0");
    EXPECT_EQ(format_exact_count(999), "999");
    EXPECT_EQ(format_exact_count(1000), "1,000");
    EXPECT_EQ(format_exact_count(1'234'567), "1,234,567");
    EXPECT_EQ(format_exact_count(std::numeric_limits<std::uint64_t>::max()),
              "18,446,744,073,709,551,615");
}

TEST(Format, UnitsAreSaid) {
    EXPECT_EQ(format_value(41'234, Unit::per_second), "41,200");
    EXPECT_EQ(format_value(41'234, Unit::count), "41,200");
    EXPECT_EQ(format_value(1200, Unit::microseconds), "1.20ms");
    EXPECT_EQ(format_value(23.4 * 1024 * 1024, Unit::bytes), "23.4 MiB");
    EXPECT_FALSE(format_value(1e300, Unit::microseconds).empty()) << "beyond what the clock counts";
}

}  // namespace
}  // namespace echotrio::loadgen
