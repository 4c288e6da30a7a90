// What the verdict takes from a server's own counters.
#include "loadgen/subject/server_account.hpp"

#include <gtest/gtest.h>

namespace echotrio::loadgen {
namespace {

const nlohmann::ordered_json kStats = {
    {"model", "threads"},
    {"requests", 12},
    {"bytes", {{"in", 700}, {"out", 645}}},
    {"gil", {{"acquisitions", 3}}},
};

RunOptions load(Scheme scheme) {
    RunOptions options;
    options.target.scheme = scheme;
    options.size = 64;
    return options;
}

TEST(ServerAccount, CountsRequestsOfHttpAndWholeMessagesOfRaw) {
    EXPECT_EQ(account_of(kStats, load(Scheme::http), true).requests, 12U);
    EXPECT_EQ(account_of(kStats, load(Scheme::tcp), true).requests, 10U);
}

TEST(ServerAccount, OthersRequestsAreNotHeldAgainstTheLoad) {
    EXPECT_FALSE(account_of(kStats, load(Scheme::http), false).requests);
    EXPECT_TRUE(account_of(kStats, load(Scheme::http), false).one_at_a_time);
}

TEST(ServerAccount, ALockThatNobodyTookIsNone) {
    auto stats = kStats;
    stats["gil"]["acquisitions"] = 0;
    EXPECT_FALSE(account_of(stats, load(Scheme::http), true).one_at_a_time);
    stats.erase("gil");
    EXPECT_FALSE(account_of(stats, load(Scheme::http), true).one_at_a_time);
}

TEST(ServerAccount, OfAStrangerThereIsNone) {
    for (const auto& stats :
         {nlohmann::ordered_json(nullptr), nlohmann::ordered_json::array({1}),
          nlohmann::ordered_json{{"requests", "many"}}, nlohmann::ordered_json{{"gil", 1}}}) {
        const ServerAccount account = account_of(stats, load(Scheme::http), true);
        EXPECT_FALSE(account.requests) << stats;
        EXPECT_FALSE(account.one_at_a_time) << stats;
    }
}

}  // namespace
}  // namespace echotrio::loadgen
