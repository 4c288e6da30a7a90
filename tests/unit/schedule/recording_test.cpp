// Recorded arrivals: kept, sorted, spread, dealt to threads, repeated and sped up.
#include "loadgen/schedule/recording_builder.hpp"
#include "loadgen/schedule/schedule.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace echotrio::loadgen {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::uint32_t kUnknown = RecordedRequest::kUnknown;

Recording record(const std::vector<std::int64_t>& times, bool spread = false) {
    RecordingBuilder builder;
    std::uint32_t bytes = 0;  // tells them apart
    for (const std::int64_t at : times) EXPECT_TRUE(builder.add(at, {"GET", "/"}, bytes++).ok());
    return std::move(builder).build(spread);
}

Replay replay_of(const std::vector<std::int64_t>& times) {
    Replay replay;
    replay.recording = std::make_shared<const Recording>(record(times));
    return replay;
}

std::vector<std::int64_t> due(Schedule schedule, std::size_t most = 1000) {
    std::vector<std::int64_t> times;
    for (; times.size() < most && schedule.due() != Nanos::max(); schedule.advance()) {
        times.push_back(schedule.due().count());
    }
    return times;
}

TEST(Recording, ResourcesAreKeptOnce) {
    RecordingBuilder builder;
    for (int i = 0; i < 100; ++i) {
        const std::string path = "/" + std::to_string(i % 3);
        ASSERT_TRUE(builder.add(i, {i % 2 == 0 ? "GET" : "POST", path}, kUnknown).ok());
    }
    const Recording recording = std::move(builder).build(false);
    EXPECT_EQ(recording.resources().size(), 6);
    EXPECT_EQ(recording.resource(recording[4].request), (Resource{"GET", "/1"}));
    EXPECT_EQ(recording.resource(recording[99].request), (Resource{"POST", "/0"}));
    EXPECT_EQ(recording.most_bytes(), 0);
}

TEST(Recording, IsSortedAndBeginsAtItsFirst) {
    const Recording recording = record({50, 30, 40, 30, 60});
    std::vector<std::pair<std::int64_t, std::uint32_t>> found;
    for (std::size_t i = 0; i < recording.size(); ++i) {
        found.emplace_back(recording[i].at, recording[i].request.bytes);
    }
    using Found = decltype(found);
    EXPECT_EQ(found, (Found{{0, 1}, {0, 3}, {10, 2}, {20, 0}, {30, 4}}));
    EXPECT_EQ(recording.origin(), 30);
    EXPECT_EQ(recording.length(), 37ns) << "30 and a mean gap";
}

TEST(Recording, OfOneMomentLastsASecond) {
    EXPECT_EQ(record({5}).length(), 1s);
    EXPECT_EQ(record({5, 5, 5}).length(), 1s);
}

// Whatever the counts: every request stays in its second, in the order in which it came, and the
// gaps within a second are equal to the nanosecond.
TEST(Recording, SpreadingKeepsSecondsAndOrder) {
    Rng rng(11);
    for (int round = 0; round < 200; ++round) {
        std::vector<std::int64_t> times;
        std::map<std::int64_t, std::int64_t> counts;
        for (std::uint64_t n = 1 + rng.below(60); n > 0; --n) {
            const auto second = static_cast<std::int64_t>(rng.below(8));
            times.push_back(second * kSecond);
            ++counts[second];
        }
        const Recording recording = record(times, true);
        ASSERT_EQ(recording.size(), times.size());
        std::map<std::int64_t, std::int64_t> place;
        std::uint32_t before = 0;
        for (std::size_t i = 0; i < recording.size(); ++i) {
            const std::int64_t at = recording.origin() + recording[i].at;
            const std::int64_t second = at / kSecond;
            const std::int64_t k = place[second]++;
            EXPECT_EQ(at - second * kSecond, k * kSecond / counts[second]);
            EXPECT_EQ(times[recording[i].request.bytes] / kSecond, second);
            if (k > 0) {
                EXPECT_GT(recording[i].request.bytes, before);
            }
            before = recording[i].request.bytes;
        }
        EXPECT_EQ(place, counts);
    }
}

TEST(Recording, ThreadsAndGeneratorsGetEachArrivalOnce) {
    std::vector<std::int64_t> times(101);
    for (std::size_t i = 0; i < times.size(); ++i) times[i] = static_cast<std::int64_t>(i * i);
    Replay replay = replay_of(times);
    std::vector<std::int64_t> all;
    for (std::uint64_t generator = 0; generator < 3; ++generator) {
        replay.share = {generator, 3};
        for (std::uint64_t thread = 0; thread < 2; ++thread) {
            const auto part = due(Schedule(replay, {thread, 2}));
            EXPECT_NEAR(static_cast<double>(part.size()), 101 / 6.0, 1);
            all.insert(all.end(), part.begin(), part.end());
        }
    }
    std::sort(all.begin(), all.end());
    EXPECT_EQ(all, times);
}

TEST(Recording, SpeedScalesAndLoopsGoOn) {
    Replay replay = replay_of({100, 110, 140});
    EXPECT_EQ(due(Schedule(replay, {})), (std::vector<std::int64_t>{0, 10, 40}));
    EXPECT_EQ(replay.length(), 60ns);
    replay.speed = 2;
    EXPECT_EQ(due(Schedule(replay, {})), (std::vector<std::int64_t>{0, 5, 20}));
    replay.loop = true;
    EXPECT_EQ(due(Schedule(replay, {}), 7), (std::vector<std::int64_t>{0, 5, 20, 30, 35, 50, 60}));
    EXPECT_EQ(due(Schedule(replay, {1, 2}), 3), (std::vector<std::int64_t>{5, 30, 50}));
}

TEST(Recording, YearsOnEndAreExactAtItsOwnSpeedAndEndWhereNobodyWaits) {
    const std::int64_t year = 365 * 86'400 * kSecond;
    Replay replay = replay_of({1, 1 + year + 1});
    EXPECT_EQ(due(Schedule(replay, {})).back(), year + 1);
    replay.loop = true;
    replay.speed = 0.001;
    EXPECT_EQ(due(Schedule(replay, {})).size(), 1) << "a thousand years later";
}

TEST(Recording, ABacklogKnowsItsRequests) {
    const Replay replay = replay_of({0, 1, 2, 3});
    Arrivals arrivals{Schedule(replay, {})};
    for (int i = 0; i < 3; ++i) arrivals.falls_due();
    for (std::uint32_t i = 0; i < 3; ++i) {
        EXPECT_EQ(arrivals.oldest().bytes, i);
        EXPECT_EQ(arrivals.take(), Nanos(i));
    }
    EXPECT_EQ(arrivals.backlog(), 0);
    EXPECT_EQ(arrivals.next().recorded().bytes, 3);
}

}  // namespace
}  // namespace echotrio::loadgen
