// The global lock: one holder at most, requests that lead to switches, books that balance.
#include "servers/threads/gil.hpp"

#include "common/work/burner.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

namespace echotrio::threads {

// For the test's name; GoogleTest would print the bytes, padding too.
void PrintTo(const Gil::Options& options, std::ostream* out) {
    *out << "interval " << options.switch_interval.count() << " ns, " << options.check_interval
         << " ticks";
}

namespace {

using namespace std::chrono_literals;

class EachLock : public testing::TestWithParam<Gil::Options> {};

std::string name_of(const testing::TestParamInfo<Gil::Options>& info) {
    if (info.param.mode == Gil::Mode::ticks) return "ticks";
    return info.param.forced_switching ? "switching" : "switching_not_forced";
}

// A short interval, so that requests and switches come thick and fast.
INSTANTIATE_TEST_SUITE_P(Gil, EachLock,
                         testing::Values(Gil::Options{Gil::Mode::switching, 50us, 100, true},
                                         Gil::Options{Gil::Mode::switching, 50us, 100, false},
                                         Gil::Options{Gil::Mode::ticks, 5ms, 20, true}),
                         name_of);

// Threads that compute, threads that only pass through, threads that sleep outside: the variables
// are plain, so that a second holder also shows as a race under ThreadSanitizer.
TEST_P(EachLock, HasAtMostOneHolderAndCountsEveryAcquisition) {
    Gil gil(GetParam());
    const work::Burner burner;
    std::atomic<int> holders{0};
    std::uint64_t guarded = 0;
    constexpr int kThreads = 6;
    constexpr int kRounds = 400;

    const auto inside = [&] {
        ASSERT_EQ(holders.fetch_add(1), 0);
        ++guarded;
        ASSERT_EQ(holders.fetch_sub(1), 1);
    };
    std::vector<std::thread> threads;
    for (int kind = 0; kind < kThreads; ++kind) {
        threads.emplace_back([&, kind] {
            for (int round = 0; round < kRounds; ++round) {
                gil.take();
                inside();
                for (int slice = 0; kind % 3 == 0 && slice < 4; ++slice) {
                    burner.burn(gil.grain());
                    gil.checkpoint();
                    inside();
                }
                gil.drop();
                if (kind % 3 == 1) std::this_thread::sleep_for(20us);
            }
        });
    }
    for (auto& thread : threads) thread.join();

    gil.take();
    const Gil::Stats stats = gil.stats();
    EXPECT_EQ(guarded, kRounds * (kThreads + 4 * kThreads / 3));
    EXPECT_GE(stats.acquisitions, kRounds * kThreads + 1);
    if (GetParam().mode == Gil::Mode::ticks) {  // every checkpoint gives the lock up
        EXPECT_EQ(stats.acquisitions, guarded + 1);
    }
    EXPECT_LE(stats.contended, stats.acquisitions);
    EXPECT_LE(stats.drop_requests, stats.timeouts);
    EXPECT_LE(stats.forced_switches, stats.drop_requests);
    EXPECT_LE(stats.switches, stats.acquisitions);
    EXPECT_GE(stats.switches, kThreads);
    EXPECT_LT(stats.waiters_max, kThreads);
    EXPECT_EQ(stats.contended > 0, stats.waiters_max > 0);
    EXPECT_LE(stats.wait_p50, stats.wait_p99);
    EXPECT_EQ(stats.contended > 0, stats.wait_p50 > 0ns);
    EXPECT_GT(stats.longest_hold, 0ns);
    if (!GetParam().forced_switching) {
        EXPECT_EQ(stats.forced_switches, 0U);
    }
    gil.drop();
}

// The promise of forced switching, exactly: the checkpoint that honours a request does not return
// before the waiter has had the lock.
TEST(Gil, ACheckpointHonoursARequestBeforeItReturns) {
    Gil gil({.switch_interval = 200us});
    constexpr int kRounds = 100;
    for (int round = 0; round < kRounds; ++round) {
        bool taken = false;  // under the lock
        gil.take();
        std::thread waiter([&] {
            gil.take();
            taken = true;
            gil.drop();
        });
        const std::uint64_t before = gil.stats().drop_requests;
        while (gil.stats().drop_requests == before) std::this_thread::yield();
        EXPECT_FALSE(taken);
        gil.checkpoint();
        EXPECT_TRUE(taken);
        gil.drop();
        waiter.join();
    }
    gil.take();
    const Gil::Stats stats = gil.stats();
    // The waiter may take the lock before the holder comes to wait for it.
    EXPECT_GE(stats.forced_switches, 1U);
    EXPECT_LE(stats.forced_switches, static_cast<std::uint64_t>(kRounds));
    EXPECT_GE(stats.drop_requests, static_cast<std::uint64_t>(kRounds));
    EXPECT_GE(stats.contended, static_cast<std::uint64_t>(kRounds));
    EXPECT_EQ(stats.switches, 2U * kRounds + 1);
    EXPECT_GE(stats.longest_hold, 200us);
    gil.drop();
}

TEST(Gil, ACheckpointWithoutARequestKeepsTheLock) {
    Gil gil({});
    gil.take();
    for (int i = 0; i < 1000; ++i) gil.checkpoint();
    EXPECT_EQ(gil.stats().acquisitions, 1U);
    gil.drop();
}

TEST(Gil, AWaiterGoesOnAskingAHolderThatNeverChecks) {
    Gil gil({.switch_interval = 100us});
    gil.take();
    std::thread waiter([&] {
        gil.take();
        gil.drop();
    });
    while (gil.stats().drop_requests < 3) std::this_thread::yield();
    EXPECT_EQ(gil.stats().acquisitions, 1U);
    gil.drop();
    waiter.join();
    gil.take();
    EXPECT_EQ(gil.stats().acquisitions, 3U);
    EXPECT_GE(gil.stats().longest_hold, 300us);
    gil.drop();
}

TEST(Gil, TicksReleasesAtEveryCheckpoint) {
    Gil gil({.mode = Gil::Mode::ticks, .check_interval = 200});
    EXPECT_EQ(gil.grain(), 200 * Gil::kTick);
    gil.take();
    for (int i = 0; i < 10; ++i) gil.checkpoint();
    EXPECT_EQ(gil.stats().acquisitions, 11U);
    EXPECT_EQ(gil.stats().contended, 0U);
    gil.drop();
}

TEST(Gil, OffLetsEveryoneIn) {
    Gil gil({.mode = Gil::Mode::off});
    std::atomic<int> inside{0};
    const auto enter = [&] {
        gil.take();
        ++inside;
        while (inside < 2) std::this_thread::yield();  // ends only if both are in
        gil.checkpoint();
        gil.drop();
    };
    std::thread other(enter);
    enter();
    other.join();
    EXPECT_EQ(gil.stats().acquisitions, 0U);
}

TEST(Gil, TakeKeepsErrno) {
    Gil gil({.switch_interval = 100us});
    gil.take();
    std::atomic<int> seen{0};
    std::thread waiter([&] {
        errno = ENOTTY;
        gil.take();  // waits, times out
        seen = errno;
        gil.drop();
    });
    while (gil.stats().timeouts == 0) std::this_thread::yield();
    gil.drop();
    waiter.join();
    EXPECT_EQ(seen, ENOTTY);
}

TEST(GilDeath, DroppingWhatAnotherHoldsAborts) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(
        {
            Gil gil({});
            gil.drop();
        },
        "last_holder_");
}

}  // namespace
}  // namespace echotrio::threads
