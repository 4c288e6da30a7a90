// Durations and sizes: what is printed is read back, and a wrong text says what to write.
#include "common/base/units.hpp"

#include "common/base/rng.hpp"

#include <gtest/gtest.h>

namespace echotrio {
namespace {

TEST(Duration, IsReadWithItsUnit) {
    const std::pair<const char*, std::int64_t> cases[] = {
        {"0", 0},
        {"1ns", 1},
        {"200us", 200'000},
        {"5ms", 5'000'000},
        {"1.5s", 1'500'000'000},
        {"0.0005ms", 500},
        {"1m", 60'000'000'000},
        {"2h", 7'200'000'000'000},
        {"10000h", 36'000'000'000'000'000},
    };
    for (const auto& [text, ns] : cases) {
        const auto parsed = parse_duration(text);
        ASSERT_TRUE(parsed) << text;
        EXPECT_EQ(parsed->count(), ns) << text;
    }
}

TEST(Duration, SaysWhatIsWrong) {
    const std::pair<const char*, const char*> cases[] = {
        {"5", "needs a unit"},      {"", "is not a number"},
        {"ms", "is not a number"},  {"5 ms", "unknown unit"},
        {"5MS", "unknown unit"},    {"-1s", "must not be negative"},
        {"nan", "is not a number"}, {"inf", "is not a number"},
        {"1e3s", "unknown unit"},   {"10001h", "is too large"},
        {"1s5ms", "unknown unit"},  {"0x5s", "unknown unit"},
        {"5ms\n", "unknown unit"},  {"+5ms", "is not a number"},
        {"5MiB", "unknown unit"},   {"99999999999999999999h", "is too large"},
    };
    for (const auto& [text, why] : cases) {
        const auto parsed = parse_duration(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_NE(parsed.error().message.find(why), std::string::npos) << parsed.error().message;
        EXPECT_NE(parsed.error().message.find("5ms"), std::string::npos) << "an example is given";
    }
    // A long text is not repeated in full.
    EXPECT_LT(parse_duration(std::string(10'000, 'x')).error().message.size(), 200U);
}

TEST(Size, IsReadWithItsUnit) {
    const std::pair<const char*, std::uint64_t> cases[] = {
        {"0", 0},         {"64", 64},        {"64KiB", 65'536},
        {"1.5KiB", 1536}, {"1MiB", 1 << 20}, {"4GiB", 1ULL << 32},
    };
    for (const auto& [text, bytes] : cases) {
        const auto parsed = parse_size(text);
        ASSERT_TRUE(parsed) << text;
        EXPECT_EQ(*parsed, bytes) << text;
    }
    for (const char* text : {"", "KiB", "64kb", "64K", "-1", "9999999999GiB", "1e30", "5ms"}) {
        EXPECT_FALSE(parse_size(text)) << text;
    }
}

TEST(Units, WhatIsPrintedIsReadBack) {
    Rng rng(3);
    for (int i = 0; i < 50'000; ++i) {
        // All magnitudes; round values too, as people write them.
        const auto raw = rng.next() >> (12 + rng.below(52));
        const auto value = rng.below(2) == 0 ? raw : raw / 1'000'000 * 1'000'000;
        const Nanos d(static_cast<std::int64_t>(value % 36'000'000'000'000'000));
        const auto again = parse_duration(format_duration(d));
        ASSERT_TRUE(again) << format_duration(d);
        ASSERT_EQ(again->count(), d.count()) << format_duration(d);
        const auto size = parse_size(format_size(value));
        ASSERT_TRUE(size) << format_size(value);
        ASSERT_EQ(*size, value);
    }
    EXPECT_EQ(format_duration(Nanos(1'500'000)), "1.5ms");
    EXPECT_EQ(format_duration(Nanos(5'000'000)), "5ms");
    EXPECT_EQ(format_duration(Nanos(0)), "0s");
    EXPECT_EQ(format_size(65'536), "64KiB");
    EXPECT_EQ(format_size(65'537), "65537");
}

TEST(Units, AreShownToPeopleWithThreeDigits) {
    EXPECT_EQ(human_duration(Nanos(12'345)), "12.3 µs");
    EXPECT_EQ(human_duration(Nanos(999)), "999 ns");
    EXPECT_EQ(human_duration(Nanos(2'000'000'000)), "2.00 s");
    EXPECT_EQ(human_duration(Nanos(0)), "0 s");
    EXPECT_EQ(human_duration(Nanos(999'950)), "1.00 ms") << "rounded first";
    EXPECT_EQ(human_seconds(90), "1.50 min");
    EXPECT_EQ(human_seconds(3.37e-10), "0.337 ns");
    EXPECT_EQ(human_bytes(1001 * 1024), "1,001 KiB");
    EXPECT_EQ(human_bytes(1023.9 * 1024), "1.00 MiB");
    EXPECT_EQ(human_bytes(1.2 * (1 << 20)), "1.20 MiB");
    EXPECT_EQ(human_bytes(512), "512 B");
    EXPECT_EQ(human_bytes(0), "0 B");
}

}  // namespace
}  // namespace echotrio
