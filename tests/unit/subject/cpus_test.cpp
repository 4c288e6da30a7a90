#include "loadgen/subject/cpus.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace echotrio::loadgen {
namespace {

TEST(CpuShare, HalvesWithTheOddOneForTheServer) {
    EXPECT_EQ(share_cpus({0, 1}, false).server, (std::vector<int>{0}));
    EXPECT_EQ(share_cpus({0, 1}, false).generator, (std::vector<int>{1}));
    EXPECT_FALSE(share_cpus({0, 1}, false).shared);
    const CpuShare five = share_cpus({2, 3, 4, 5, 6}, true);
    EXPECT_EQ(five.server, (std::vector<int>{2, 3, 4}));
    EXPECT_EQ(five.generator, (std::vector<int>{5, 6}));
    EXPECT_FALSE(five.shared);
}

TEST(CpuShare, SaysWhenTheyShare) {
    const CpuShare two = share_cpus({0, 1}, true);
    EXPECT_EQ(two.server.size(), 2U);
    EXPECT_EQ(two.generator.size(), 1U);
    EXPECT_TRUE(two.shared);
    EXPECT_TRUE(share_cpus({3}, false).shared);
    EXPECT_EQ(share_cpus({3}, false).generator, (std::vector<int>{3}));
}

TEST(CpuShare, GivesExactlySoMany) {
    const CpuShare one = share_cpus({0, 1, 2, 3}, false, 1);
    EXPECT_EQ(one.server, (std::vector<int>{0}));
    EXPECT_EQ(one.generator, (std::vector<int>{2, 3}));
    EXPECT_FALSE(one.shared);
    const CpuShare three = share_cpus({0, 1, 2, 3}, false, 3);
    EXPECT_EQ(three.server, (std::vector<int>{0, 1, 2}));
    EXPECT_EQ(three.generator, (std::vector<int>{3}));
    EXPECT_FALSE(three.shared);
    const CpuShare all = share_cpus({0, 1}, false, 2);
    EXPECT_EQ(all.server, (std::vector<int>{0, 1}));
    EXPECT_EQ(all.generator, (std::vector<int>{1}));
    EXPECT_TRUE(all.shared);
    EXPECT_EQ(share_cpus({0, 1}, false, 8).server, (std::vector<int>{0, 1}));
}

TEST(CpuShare, GivesAllButOne) {
    const CpuShare most = share_cpus({0, 1, 2}, true, 2);
    EXPECT_EQ(most.server, (std::vector<int>{0, 1}));
    EXPECT_EQ(most.generator, (std::vector<int>{2}));
    EXPECT_FALSE(most.shared);
    EXPECT_TRUE(share_cpus({5}, true, 1).shared);
}

}  // namespace
}  // namespace echotrio::loadgen
