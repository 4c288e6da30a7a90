// A load shared by several generators adds up to the whole.
#include "loadgen/engine/shard.hpp"

#include <gtest/gtest.h>

#include <set>

namespace echotrio::loadgen {
namespace {

TEST(Shard, IsWrittenAsIOfN) {
    const auto shard = parse_shard("2/3");
    ASSERT_TRUE(shard);
    EXPECT_EQ(shard->index, 2U);
    EXPECT_EQ(shard->of, 3U);
    for (const char* wrong : {"", "2", "/", "2/", "/3", "0/3", "4/3", "1/0", "-1/3", "1/3x", "1/ 3",
                              "1/10001", "1/99999999999999999999"}) {
        EXPECT_FALSE(parse_shard(wrong)) << wrong;
    }
}

TEST(Shard, PartsAddUpAndDifferByOneAtMost) {
    for (std::uint64_t total : {3U, 7U, 100U, 1001U}) {
        for (std::uint64_t of = 1; of <= 11; ++of) {
            std::uint64_t sum = 0;
            std::set<std::uint64_t> sizes;
            for (std::uint64_t i = 1; i <= of; ++i) {
                const std::uint64_t part = part_of(total, {i, of});
                sum += part;
                sizes.insert(part);
            }
            EXPECT_EQ(sum, total) << "of " << of;
            EXPECT_LE(*sizes.rbegin() - *sizes.begin(), 1U) << total << " of " << of;
        }
    }
}

RunOptions whole() {
    RunOptions options;
    options.connections = 100;
    options.idle = 10;
    options.requests = 1000;
    options.rate = {{3000, std::chrono::seconds(5), std::nullopt},
                    {1000, std::chrono::seconds(5), 2000.0}};
    options.arrival = Arrival::constant;
    options.start_at = std::chrono::system_clock::time_point(std::chrono::hours(1));
    options.seed = 7;
    return options;
}

TEST(Shard, OptionsOfAllPartsMakeTheWhole) {
    std::uint64_t connections = 0, idle = 0, requests = 0;
    double rate = 0, ramp_to = 0;
    std::set<std::uint64_t> seeds;
    for (std::uint64_t i = 1; i <= 3; ++i) {
        RunOptions part = whole();
        ASSERT_TRUE(take_shard(part, {i, 3}));
        connections += part.connections;
        idle += part.idle;
        requests += part.requests;
        rate += part.rate[0].rate;
        ramp_to += part.rate[1].ramp_to.value();
        seeds.insert(part.seed);
        EXPECT_EQ(part.rate[0].duration, std::chrono::seconds(5));
    }
    EXPECT_EQ(connections, 100U);
    EXPECT_EQ(idle, 10U);
    EXPECT_EQ(requests, 1000U);
    EXPECT_DOUBLE_EQ(rate, 3000);
    EXPECT_DOUBLE_EQ(ramp_to, 2000);
    EXPECT_EQ(seeds.size(), 3U);
}

TEST(Shard, ConstantArrivalsOfThePartsFallBetweenEachOther) {
    RunOptions second = whole();
    ASSERT_TRUE(take_shard(second, {2, 3}));
    const auto later = *second.start_at - *whole().start_at;
    EXPECT_NEAR(std::chrono::duration<double>(later).count(), 1.0 / 3000, 1e-8);

    RunOptions poisson = whole();
    poisson.arrival = Arrival::poisson;
    ASSERT_TRUE(take_shard(poisson, {2, 3}));
    EXPECT_EQ(*poisson.start_at, *whole().start_at);
}

TEST(Shard, AGeneratorWithNothingToDoIsAnError) {
    RunOptions options;
    options.connections = 2;
    EXPECT_FALSE(take_shard(options, {1, 3}));
    options.connections = 3;
    options.requests = 2;
    EXPECT_FALSE(take_shard(options, {1, 3}));
}

}  // namespace
}  // namespace echotrio::loadgen
