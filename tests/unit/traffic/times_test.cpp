// Times as records write them.
#include "loadgen/traffic/times.hpp"

#include <gtest/gtest.h>

namespace echotrio::loadgen {
namespace {

constexpr std::int64_t kNewYear = 1'767'225'600'000'000'000;  // 2026

TEST(Times, SecondsSince1970) {
    EXPECT_EQ(parse_unix_seconds("0")->ns, 0);
    EXPECT_FALSE(parse_unix_seconds("1767225600")->has_fraction);
    EXPECT_EQ(parse_unix_seconds("1767225600.000000001")->ns, kNewYear + 1);
    EXPECT_EQ(parse_unix_seconds("1767225600.5")->ns, kNewYear + 500'000'000);
    EXPECT_EQ(parse_unix_seconds("1767225600.1234567899")->ns, kNewYear + 123'456'789);
    EXPECT_TRUE(parse_unix_seconds("1767225600.0")->has_fraction);
    EXPECT_EQ(parse_unix_seconds("1.7672256e9")->ns, kNewYear);
    for (const char* wrong : {"", "-1", "+1", "1.", "1x", "1 ", "nan", "inf", "1e99", "1e", ".5",
                              "9214000001", "99999999999999999999", "1767225600123"}) {
        EXPECT_FALSE(parse_unix_seconds(wrong)) << wrong;
    }
}

TEST(Times, Rfc3339) {
    EXPECT_EQ(parse_rfc3339("2026-01-01T00:00:00Z")->ns, kNewYear);
    EXPECT_EQ(parse_rfc3339("2026-01-01t01:00:00.25+01:00")->ns, kNewYear + 250'000'000);
    EXPECT_EQ(parse_rfc3339("2025-12-31 19:00:00-0500")->ns, kNewYear);
    EXPECT_EQ(parse_rfc3339("2025-12-31T23:59:60Z")->ns, kNewYear) << "a leap second";
    EXPECT_TRUE(parse_rfc3339("2024-02-29T00:00:00Z"));
    for (const char* wrong :
         {"", "2026-01-01", "2026-01-01T00:00:00", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
          "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:00.Z",
          "2026-01-01T00:00:00ZZ", "2026-01-01T00:00:00+99:00", "1969-12-31T23:59:59Z",
          "9999-12-31T23:59:59Z", "1970-01-01T00:00:00+00:01"}) {
        EXPECT_FALSE(parse_rfc3339(wrong)) << wrong;
    }
}

TEST(Times, OfLogs) {
    EXPECT_EQ(parse_log_time("01/Jan/2026:00:00:00 +0000")->ns, kNewYear);
    EXPECT_EQ(parse_log_time("31/Dec/2025:19:00:00 -0500")->ns, kNewYear);
    EXPECT_EQ(parse_log_time("01/Jan/2026:00:00:00.125 +0000")->ns, kNewYear + 125'000'000);
    for (const char* wrong : {"", "01/Jan/2026:00:00:00", "01/jan/2026:00:00:00 +0000",
                              "1/Jan/2026:00:00:00 +0000", "01/Jan/26:00:00:00 +0000",
                              "31/Feb/2026:00:00:00 +0000", "01/Jan/2026:00:00:00 UTC", "01/J"}) {
        EXPECT_FALSE(parse_log_time(wrong)) << wrong;
    }
}

}  // namespace
}  // namespace echotrio::loadgen
