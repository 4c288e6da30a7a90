#include "common/supervise/suspicion.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <vector>

namespace echotrio::supervise {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kBegin{1h};

// What a worker did from one look to the next, a second later: ran and waited so long, and is now
// ready or blocked.
struct Second {
    Nanos ran{0}, waited{0};
    bool ready = false;
};

// At which look it is called hung; 0 = not within these seconds.
int hung_at(const std::vector<Second>& seconds) {
    Suspicion suspicion;
    Scheduled state{.ready = true};
    EXPECT_FALSE(suspicion.look(kBegin, state)) << "one look says nothing";
    for (std::size_t i = 0; i < seconds.size(); ++i) {
        state = {seconds[i].ready, state.ran + seconds[i].ran, state.waited + seconds[i].waited};
        const TimePoint at = kBegin + std::chrono::seconds(i + 1);
        if (suspicion.look(at, state)) return static_cast<int>(i) + 1;
    }
    return 0;
}

TEST(Suspicion, FallsOnWhoHadTimeOfItsOwn) {
    EXPECT_EQ(hung_at({{0s, 0s, false}}), 1) << "blocked, or stopped";
    EXPECT_EQ(hung_at({{1s, 0s, true}}), 1) << "an endless loop";
    EXPECT_EQ(hung_at({{0s, 0s, true}, {0s, 0s, true}, {0s, 0s, true}}), 0) << "it waits for a CPU";
    EXPECT_EQ(hung_at({{1ms, 998ms, false}, {1ms, 998ms, false}}), 0) << "the same, seen asleep";
    EXPECT_EQ(hung_at({{100ms, 900ms, true}, {100ms, 900ms, true}}), 0);
    EXPECT_EQ(hung_at({{100ms, 900ms, true}, {100ms, 900ms, true}, {1ms, 0s, false}}), 3)
        << "slow, then blocked";
    EXPECT_EQ(hung_at(std::vector<Second>(5, {100ms, 900ms, true})), 5)
        << "an endless loop beside others that compute";
}

TEST(Suspicion, CountsAllTimeWhereTheKernelTellsNothing) {
    Suspicion suspicion;
    EXPECT_FALSE(suspicion.look(kBegin, std::nullopt));
    EXPECT_FALSE(suspicion.look(kBegin + 400ms, std::nullopt));
    EXPECT_TRUE(suspicion.look(kBegin + 500ms, std::nullopt));
}

TEST(Suspicion, ReadsTheKernelsBooks) {
    const auto own = scheduled(::getpid());
    if (!own) GTEST_SKIP() << "this kernel keeps no /proc/PID/schedstat";
    EXPECT_TRUE(own->ready) << "it is running";
    // the books are brought up to date at a tick or a switch, so that this computes until one came
    const TimePoint deadline = now() + 20s;
    const auto has_run_since = [&] {
        const auto later = scheduled(::getpid());
        return later && later->ran > own->ran;
    };
    while (!has_run_since() && now() < deadline) {
    }
    EXPECT_TRUE(has_run_since());
    EXPECT_FALSE(scheduled(-1));
}

}  // namespace
}  // namespace echotrio::supervise
