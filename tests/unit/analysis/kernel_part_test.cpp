// The kernel's part from Slab: against made-up machines of which the truth is known.
#include "loadgen/analysis/kernel_part.hpp"

#include "common/base/rng.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace echotrio::loadgen {
namespace {

constexpr double kEnd = 3600;
constexpr double kPage = 4096;

// A staircase of `steps` x 100 connections in whole pages, with noise and a drift a step.
struct Stairs {
    std::vector<double> connections, slab, still;
};
Stairs stairs(Rng& rng, double noise, double drift) {
    Stairs made;
    const auto blur = [&] { return noise * (rng.uniform() - 0.5); };
    for (int step = 0; step <= 16; ++step) {
        const double n = 100 * step;
        made.connections.push_back(n);
        const double bytes = 6e8 + n * 2 * kEnd + drift * step + blur();
        made.slab.push_back(std::floor(bytes / kPage) * kPage);
    }
    for (int step = 0; step <= 16; ++step) {
        made.still.push_back(made.slab.back() + drift * step + blur());
    }
    return made;
}

TEST(BytesOfEnd, AreHalfOfTheStaircaseLessThePause) {
    Rng rng(7);
    int covered = 0;
    constexpr int kTimes = 400;
    for (int i = 0; i < kTimes; ++i) {
        const Stairs made = stairs(rng, 400e3, 200e3);
        const auto end = bytes_of_end(made.connections, made.slab, made.still);
        ASSERT_TRUE(end);
        EXPECT_NEAR(end->value, kEnd, 0.15 * kEnd);
        covered += end->interval->contains(kEnd) ? 1 : 0;
    }
    EXPECT_GE(covered, kTimes * 93 / 100);
}

TEST(BytesOfEnd, BearOneNeighbourThatTakesMegabytes) {
    Rng rng(8);
    Stairs made = stairs(rng, 100e3, 0);
    made.slab[5] += 20e6;
    const auto end = bytes_of_end(made.connections, made.slab, made.still);
    ASSERT_TRUE(end);
    EXPECT_NEAR(end->value, kEnd, 0.05 * kEnd);
}

TEST(BytesOfEnd, AreNotToldWhereTheNoiseIsLarger) {
    Rng rng(9);
    const Stairs made = stairs(rng, 200e6, 0);
    EXPECT_FALSE(bytes_of_end(made.connections, made.slab, made.still));
    EXPECT_FALSE(bytes_of_end({}, {}, {}));
    const std::vector<double> n{0, 1, 2, 3, 4, 5}, same(6, 6e8);
    EXPECT_FALSE(bytes_of_end(n, same, same));
}

// As a quick comparison has it: five counts, two repetitions, and in one trial a neighbour.
TEST(LineOfSlab, CoversTheTruthBesideANeighbour) {
    Rng rng(10);
    int covered = 0, narrow = 0;
    constexpr int kTimes = 500;
    for (int i = 0; i < kTimes; ++i) {
        std::vector<double> x, y;
        for (const double n : {50, 100, 200, 250, 1000, 50, 100, 200, 250, 1000}) {
            x.push_back(n);
            y.push_back(n * 2 * kEnd + 600e3 * (rng.uniform() - 0.5));
        }
        if (i % 2 == 0) y[static_cast<std::size_t>(10 * rng.uniform())] += 20e6;
        const auto line = line_of_slab(x, y);
        ASSERT_TRUE(line);
        covered += line->slope_interval.contains(2 * kEnd) ? 1 : 0;
        narrow += line->slope_interval.high - line->slope_interval.low < kEnd ? 1 : 0;
    }
    EXPECT_GE(covered, kTimes * 92 / 100);
    EXPECT_GE(narrow, kTimes * 95 / 100);
}

Line line(double slope, double half) {
    Line made;
    made.slope = slope;
    made.slope_interval = {slope - half, slope + half};
    return made;
}

TEST(ServerPart, IsTheSlopeLessTheGeneratorsEnd) {
    const BytesOfEnd end{{2700, Bounds{2600, 2800}}, {900, Bounds{850, 950}}};
    const auto loop = server_part(line(5400, 300), 2, end);
    ASSERT_TRUE(loop);
    EXPECT_DOUBLE_EQ(loop->value, 3600) << "with what it has of reclaimable slab";
    EXPECT_NEAR(loop->interval->low, 3600 - std::hypot(300, 100, 50), 1e-9);
    EXPECT_NEAR(loop->interval->high, 3600 + std::hypot(300, 100, 50), 1e-9);
    // A task for each connection is the server's alone: no half of it comes off.
    EXPECT_DOUBLE_EQ(server_part(line(5400 + 7000, 300), 2, end)->value, 3600 + 7000);
    // On two machines slab holds the server's end alone.
    EXPECT_DOUBLE_EQ(server_part(line(2700, 300), 1, end)->value, 3600);
    // Of so many connections of one trial the same.
    EXPECT_DOUBLE_EQ(server_part(540e3, 100, 2, end).value(), 360e3);
    EXPECT_DOUBLE_EQ(server_part(270e3, 100, 1, end).value(), 360e3);
}

TEST(ServerPart, IsNotToldWhereItIsNotKnown) {
    const BytesOfEnd end{{3600, Bounds{3500, 3700}}};
    EXPECT_FALSE(server_part(line(7200, 300), {}, end));
    EXPECT_FALSE(server_part(line(7200, 300), 2, {}));
    EXPECT_FALSE(server_part(line(7200, 2000), 2, end)) << "too wide";
    EXPECT_FALSE(server_part(line(3000, 300), 2, end)) << "less than nothing";
    EXPECT_FALSE(server_part(720e3, 100, {}, end));
    EXPECT_FALSE(server_part(720e3, 100, 2, {}));
    EXPECT_FALSE(server_part(300e3, 100, 2, end)) << "less than nothing";
}

TEST(SlabOfConnections, IsLessWhatTheMachineDidInSilence) {
    ServerUse server;
    EXPECT_FALSE(slab_of_connections(server));
    server.memory["slab"] = 7.5e6;
    EXPECT_FALSE(slab_of_connections(server)) << "nobody saw what the machine did meanwhile";
    server.memory["slab_still"] = 0.5e6;
    EXPECT_DOUBLE_EQ(*slab_of_connections(server), 7e6);
    server.memory["slab"].reset();
    EXPECT_FALSE(slab_of_connections(server));
}

TEST(Estimates, AddUpWithTheirIntervals) {
    const Estimate a{10, Bounds{7, 13}}, b{4, Bounds{0, 8}};
    const Estimate sum = sum_of(a, b);
    EXPECT_DOUBLE_EQ(sum.value, 14);
    EXPECT_DOUBLE_EQ(sum.interval->low, 9);
    EXPECT_DOUBLE_EQ(sum.interval->high, 19);
    EXPECT_DOUBLE_EQ(difference_of(a, b).value, 6);
    EXPECT_DOUBLE_EQ(difference_of(a, b).interval->low, 1);
    EXPECT_FALSE(sum_of(a, Estimate{4, {}}).interval);
}

TEST(BytesOfEnd, SurviveTheFile) {
    const BytesOfEnd end{{2700.5, Bounds{2600, 2800}}, {900, Bounds{850, 950}}};
    const auto back = end_from_json({{kEndKey, end_to_json(end)}});
    ASSERT_TRUE(back);
    EXPECT_EQ(back->unreclaimable.value, 2700.5);
    EXPECT_EQ(back->unreclaimable.interval->high, 2800);
    EXPECT_EQ(back->reclaimable.value, 900);
    EXPECT_FALSE(end_from_json({{kEndKey, end_to_json({})}}));
    EXPECT_FALSE(end_from_json(nlohmann::ordered_json::object()));
    EXPECT_FALSE(end_from_json(nullptr));
    EXPECT_FALSE(end_from_json({{kEndKey, "3600"}}));
    EXPECT_FALSE(end_from_json({{kEndKey, {{"value", 1}, {"ci95", {2, 3}}}}}));
}

// Its trials have all slab, too.
TEST(BytesOfEnd, OfAnOlderReleaseAreOfAllSlab) {
    const auto back = end_from_json({{kEndKey, {{"value", 3600}, {"ci95", {3500, 3700}}}}});
    ASSERT_TRUE(back);
    EXPECT_EQ(back->unreclaimable.value, 3600);
    EXPECT_EQ(server_part(line(7200, 300), 2, back)->value, 3600);
}

}  // namespace
}  // namespace echotrio::loadgen
