// Rate profiles: as people write them, and the integral of the rate with its inverse.
#include "loadgen/schedule/profile.hpp"

#include <gtest/gtest.h>

#include <string>

namespace echotrio::loadgen {
namespace {

using namespace std::chrono_literals;

TEST(RateSyntax, LegsRampsAndStairs) {
    const struct {
        const char* text;
        std::size_t legs;
        double first, last;
        Nanos total;
    } cases[] = {
        {"1000", 1, 1000, 1000, 0s},
        {"0.5", 1, 0.5, 0.5, 0s},
        {"1e4", 1, 10000, 10000, 0s},
        {"1000/10s", 1, 1000, 1000, 10s},
        {"1000/10s,0/1s,5000", 3, 1000, 5000, 0s},
        {"1000..20000/60s", 1, 1000, 1000, 60s},
        {"1000..20000:1000/5s", 20, 1000, 20000, 100s},
        {"3000..1000:1000/1s", 3, 3000, 1000, 3s},
        {"1000..1500:200/1s", 4, 1000, 1500, 4s},
        {"7..7:1/1s", 1, 7, 7, 1s},
    };
    for (const auto& c : cases) {
        const auto steps = parse_rate(c.text);
        ASSERT_TRUE(steps) << c.text;
        ASSERT_EQ(steps->size(), c.legs) << c.text;
        EXPECT_DOUBLE_EQ(steps->front().rate, c.first) << c.text;
        EXPECT_DOUBLE_EQ(steps->back().rate, c.last) << c.text;
        EXPECT_EQ(total_duration(*steps), c.total) << c.text;
    }
    EXPECT_EQ(*parse_rate("10..20/1s")->front().ramp_to, 20);
}

TEST(RateSyntax, SaysWhatIsWrong) {
    for (const char* text :
         {"", "x", "-3", "0", "0/1s", "10,20", "10/0", "10/5", "1..2", "1..2:0/1s", "1..2:-1/1s",
          "1..2:1", "..2/1s", "1../1s", "1e9", "nan", "inf", "10/1s,", "1..1000000:0.01/1s"}) {
        const auto steps = parse_rate(text);
        ASSERT_FALSE(steps) << text;
        EXPECT_EQ(steps.error().message.find('\n'), std::string::npos);
    }
}

TEST(RateSyntax, IsReadBackAsItWasWritten) {
    for (const char* text : {"1000", "1000/10s,0/1s,5000", "1000..20000/1m", "2.5/1.5s"}) {
        EXPECT_EQ(format_rate(*parse_rate(text)), text);
    }
}

TEST(Profile, CountsWhatIsDue) {
    const Profile profile(*parse_rate("100/10s,0/5s,0..200/10s"));
    EXPECT_DOUBLE_EQ(profile.count_at(0), 0);
    EXPECT_DOUBLE_EQ(profile.count_at(5), 500);
    EXPECT_DOUBLE_EQ(profile.count_at(10), 1000);
    EXPECT_DOUBLE_EQ(profile.count_at(14), 1000);
    EXPECT_DOUBLE_EQ(profile.count_at(20), 1250);  // half the ramp: a quarter of its 1,000
    EXPECT_DOUBLE_EQ(profile.count_at(25), 2000);
    EXPECT_DOUBLE_EQ(profile.count_at(26), 2200);  // the last rate goes on
}

TEST(Profile, TimeIsTheInverseOfTheCount) {
    for (const char* text : {"100", "100/10s,0/5s,0..200/10s", "500..20/3s", "10..30:5/2s"}) {
        const Profile profile(*parse_rate(text));
        std::size_t leg = 0;
        for (double count = 0.25; count < 3000; count += 3.7) {
            const auto at = profile.time_of(count, leg);
            ASSERT_TRUE(at) << text;
            EXPECT_NEAR(profile.count_at(*at), count, 1e-6) << text;
        }
    }
}

TEST(Profile, EndsWhereItsRateEndsAtNought) {
    const Profile profile(*parse_rate("100/1s,0"));
    std::size_t leg = 0;
    EXPECT_TRUE(profile.time_of(100, leg));
    EXPECT_FALSE(profile.time_of(100.5, leg));
}

TEST(Profile, NothingFallsDueInAPause) {
    const Profile profile(*parse_rate("0/5s,100"));
    std::size_t leg = 0;
    EXPECT_DOUBLE_EQ(*profile.time_of(0, leg), 5);
}

}  // namespace
}  // namespace echotrio::loadgen
