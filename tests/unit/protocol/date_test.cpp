// The Date field: in each reply, in the one format that RFC 9110 lets a server send.
#include "common/protocol/date.hpp"

#include "tests/support/replies.hpp"
#include "tests/support/robustness_cases.hpp"
#include "tests/support/session_driver.hpp"

#include <gtest/gtest.h>

#include <ctime>
#include <limits>

namespace echotrio::test {
namespace {

using protocol::DateLine;

std::string line_at(std::int64_t time) {
    return std::string(DateLine().at(time));
}

// The C library's idea of it, in the C locale that a program starts with.
std::string expected_at(std::int64_t time) {
    const std::time_t when = time;
    std::tm calendar{};
    ::gmtime_r(&when, &calendar);
    char text[64];
    return {text,
            std::strftime(text, sizeof text, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &calendar)};
}

TEST(Date, KnownTimes) {
    EXPECT_EQ(line_at(784'111'777), "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
    EXPECT_EQ(line_at(0), "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n");
    EXPECT_EQ(line_at(951'827'696), "Date: Tue, 29 Feb 2000 12:34:56 GMT\r\n");
    EXPECT_EQ(line_at(253'402'300'799), "Date: Fri, 31 Dec 9999 23:59:59 GMT\r\n");
}

TEST(Date, AgreesWithTheCLibraryOverCenturies) {
    DateLine date;
    for (std::int64_t time = 0; time < 253'402'300'799; time += 86'399 * 37 + 11) {
        ASSERT_EQ(date.at(time), expected_at(time)) << time;
    }
}

TEST(Date, TimesThatItCannotSayBecomeTheNearest) {
    EXPECT_EQ(line_at(-1), line_at(0));
    EXPECT_EQ(line_at(std::numeric_limits<std::int64_t>::min()), line_at(0));
    EXPECT_EQ(line_at(std::numeric_limits<std::int64_t>::max()), line_at(253'402'300'799));
}

TEST(Date, FollowsItsClockBothWays) {
    DateLine date;
    for (const std::int64_t time : {10, 10, 11, 3'600, 3'599}) {
        EXPECT_EQ(date.at(time), expected_at(time));
    }
}

TEST(Date, IsInEachReplyAndOnce) {
    protocol::Settings settings;
    settings.model = "test";
    settings.max_request = kTableMaxRequest;
    std::size_t seen = 0;
    for (const RobustnessCase& c : robustness_cases()) {
        if (c.statuses.empty()) continue;  // raw echo
        for (const StreamReply& reply :
             all_replies(converse(c.input, 1 << 30, true, settings).output)) {
            if (reply.status < 200) continue;
            EXPECT_EQ(reply.field("date"), "Sun, 06 Nov 1994 08:49:37 GMT") << c.name;
            ++seen;
        }
    }
    EXPECT_GE(seen, 150U);
}

}  // namespace
}  // namespace echotrio::test
