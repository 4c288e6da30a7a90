// Schedules: spacing, distribution, shares that add up, seeds that repeat, a backlog without
// memory.
#include "loadgen/schedule/schedule.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace echotrio::loadgen {
namespace {

using namespace std::chrono_literals;

std::vector<double> due_times(Schedule schedule, std::size_t n) {
    std::vector<double> times;
    for (; times.size() < n; schedule.advance()) times.push_back(seconds(schedule.due()));
    return times;
}

struct Moments {
    double mean = 0, variation = 0;  // of the gaps; the coefficient of variation
};
Moments gaps_of(const std::vector<double>& times) {
    double sum = 0;
    double squares = 0;
    for (std::size_t i = 1; i < times.size(); ++i) {
        const double gap = times[i] - times[i - 1];
        sum += gap;
        squares += gap * gap;
    }
    const auto n = static_cast<double>(times.size() - 1);
    const double mean = sum / n;
    return {mean, std::sqrt(squares / n - mean * mean) / mean};
}

TEST(Schedule, ConstantArrivalsHaveNoDrift) {
    const Profile profile({{3000, Nanos(0)}});
    Schedule schedule(profile, Arrival::constant, 1);
    for (int k = 0; k < 1'000'000; ++k, schedule.advance()) {
        ASSERT_EQ(schedule.due().count(), std::llround(k * 1e9 / 3000)) << k;
        ASSERT_EQ(schedule.unit_gap(), 1);
    }
}

TEST(Schedule, ConstantSharesAreTheWholeDealtInTurn) {
    const Profile profile({{1000, Nanos(0)}});
    const auto whole = due_times(Schedule(profile, Arrival::constant, 1), 3000);
    std::vector<double> dealt;
    for (std::uint64_t i = 0; i < 3; ++i) {
        const auto part = due_times(Schedule(profile, Arrival::constant, 1, {i, 3}), 1000);
        dealt.insert(dealt.end(), part.begin(), part.end());
    }
    std::sort(dealt.begin(), dealt.end());
    EXPECT_EQ(dealt, whole);
}

TEST(Schedule, PoissonGapsAreExponential) {
    const Profile profile({{5000, Nanos(0)}});
    const Moments gaps = gaps_of(due_times(Schedule(profile, Arrival::poisson, 7), 200'000));
    EXPECT_NEAR(gaps.mean, 1.0 / 5000, 0.01 / 5000);
    EXPECT_NEAR(gaps.variation, 1, 0.02);
}

TEST(Schedule, PoissonSharesAddUpToPoisson) {
    const Profile profile({{5000, Nanos(0)}});
    std::vector<double> all;
    for (std::uint64_t i = 0; i < 4; ++i) {
        const auto part = due_times(Schedule(profile, Arrival::poisson, 7, {i, 4}), 40'000);
        all.insert(all.end(), part.begin(), part.end());
    }
    std::sort(all.begin(), all.end());
    all.resize(150'000);  // the shares end at different times
    const Moments gaps = gaps_of(all);
    EXPECT_NEAR(gaps.mean, 1.0 / 5000, 0.02 / 5000);
    EXPECT_NEAR(gaps.variation, 1, 0.02);
}

TEST(Schedule, TheSeedRepeatsItAndAnotherDoesNot) {
    const Profile profile({{100, 2s}, {1000, Nanos(0)}});
    const auto once = due_times(Schedule(profile, Arrival::poisson, 42, {1, 2}), 5000);
    EXPECT_EQ(once, due_times(Schedule(profile, Arrival::poisson, 42, {1, 2}), 5000));
    EXPECT_NE(once, due_times(Schedule(profile, Arrival::poisson, 43, {1, 2}), 5000));
    EXPECT_NE(once, due_times(Schedule(profile, Arrival::poisson, 42, {0, 2}), 5000));
}

TEST(Schedule, FollowsItsProfile) {
    const Profile profile({{100, 10s}, {400, 10s, 1000.0}, {50, Nanos(0)}});
    for (const Arrival arrival : {Arrival::constant, Arrival::poisson}) {
        int before = 0;
        int ramp = 0;
        for (Schedule s(profile, arrival, 3); s.due() < 20s; s.advance()) {
            ++(s.due() < 10s ? before : ramp);
        }
        EXPECT_NEAR(before, 1000, 130);  // 4 standard deviations
        EXPECT_NEAR(ramp, 7000, 340);
    }
}

TEST(Schedule, EndsWithItsProfile) {
    const Profile profile({{10, 1s}, {0, Nanos(0)}});
    Schedule schedule(profile, Arrival::constant, 1);
    for (int k = 0; k < 11; ++k) schedule.advance();
    EXPECT_EQ(schedule.due(), Nanos::max());
}

TEST(Arrivals, KeepTheIntendedStartsOfALongBacklog) {
    const Profile profile({{1000, Nanos(0)}});
    const Schedule schedule(profile, Arrival::poisson, 9);
    const auto expected = due_times(schedule, 10'000);
    Arrivals arrivals(schedule);
    std::vector<double> taken;
    // Falls due in bursts, is taken one by one; the backlog empties and fills again.
    for (std::size_t burst = 1; taken.size() < 9000; burst = burst * 7 % 311 + 1) {
        for (std::size_t i = 0; i < burst; ++i) arrivals.falls_due();
        EXPECT_EQ(arrivals.backlog(), burst);
        while (arrivals.backlog() > 0) taken.push_back(seconds(arrivals.take()));
        EXPECT_DOUBLE_EQ(seconds(arrivals.next().due()), expected[taken.size()]);
    }
    EXPECT_TRUE(std::equal(taken.begin(), taken.end(), expected.begin()));
}

}  // namespace
}  // namespace echotrio::loadgen
