// Figures as people read them.
#include "loadgen/results/format.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace echotrio::loadgen {
namespace {

TEST(Format, CountsHaveThreeSignificantDigits) {
    const std::pair<double, const char*> rows[] = {
        {0, "0"},
        {1, "1.00"},
        {0.5, "0.500"},
        {0.01234, "0.0123"},
        {0.000123, "0.000123"},
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
    EXPECT_EQ(format_value(1200, Unit::microseconds), "1.20 ms");
    EXPECT_EQ(format_value(23.4 * 1024 * 1024, Unit::bytes), "23.4 MiB");
    EXPECT_FALSE(format_value(1e300, Unit::microseconds).empty()) << "beyond what the clock counts";
}

TEST(Format, WhatWasAskedForHasNoZerosAtItsEnd) {
    EXPECT_EQ(format_short(4), "4");
    EXPECT_EQ(format_short(2.5), "2.5");
    EXPECT_EQ(format_short(1000), "1,000");
    EXPECT_EQ(format_short(0.1), "0.1");
}

TEST(Format, FiguresHaveTheUnitThatSuitsThem) {
    EXPECT_EQ(format_in(11'880, "us"), "11.9 ms");
    EXPECT_EQ(format_in(0.337, "ns"), "0.337 ns");
    EXPECT_EQ(format_in(2048, "bytes"), "2.00 KiB");
    EXPECT_EQ(format_in(7260, ""), "7,260");
}

TEST(Format, NoMagnitudeHasAnExponent) {
    for (int magnitude = -20; magnitude <= 20; ++magnitude) {
        for (const double digits : {1.0, 1.188, 7.26, 9.996}) {
            const double value = digits * std::pow(10, magnitude);
            for (const Unit unit :
                 {Unit::count, Unit::per_second, Unit::microseconds, Unit::bytes}) {
                for (const std::string& text : {format_value(value, unit), format_short(value)}) {
                    EXPECT_EQ(text.find("e+"), std::string::npos) << text;
                    EXPECT_EQ(text.find("e-"), std::string::npos) << text;
                }
            }
        }
    }
}

}  // namespace
}  // namespace echotrio::loadgen
