// What a connection costs this machine's kernel, and how it is kept.
#include "loadgen/experiment/connection_cost.hpp"

#include <gtest/gtest.h>

namespace echotrio::loadgen {
namespace {

TEST(ConnectionCost, SurvivesTheFile) {
    nlohmann::ordered_json environment;
    const BytesOfEnd end{{2700, Bounds{2600, 2800}}, {900, Bounds{850, 950}}};
    add_connection_cost(environment, {end, 420.5});
    EXPECT_EQ(other_per_connection(environment), 420.5);
    const auto back = end_from_json(environment);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->unreclaimable.value, 2700);
    add_connection_cost(environment, {});
    EXPECT_EQ(other_per_connection(environment), 0) << "not root";
    EXPECT_FALSE(end_from_json(environment));
    EXPECT_EQ(other_per_connection(nullptr), 0) << "an older file";
}

// An end is a socket, a file, an inode and what an epoll needs: no kernel does it with less than 1
// KiB, none needs 16.
TEST(ConnectionCost, IsThatOfAnEnd) {
    const ConnectionCost cost = measure_connection_cost();
    if (!cost.end) GTEST_SKIP() << "others on this machine blur it";
    EXPECT_GT(cost.end->unreclaimable.value + cost.end->reclaimable.value, 1024);
    EXPECT_LT(cost.end->unreclaimable.value + cost.end->reclaimable.value, 16384);
    EXPECT_TRUE(cost.end->reclaimable.interval->contains(cost.end->reclaimable.value));
}

}  // namespace
}  // namespace echotrio::loadgen
