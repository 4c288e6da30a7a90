// Prefork when fork fails: at the start that is the end, later it is not.
#include "tests/faults/fault_log.hpp"
#include "tests/models/prefork_load.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace echotrio::test {
namespace {

Result<Server> start_with(const FaultLog& faults) {
    return Server::start("prefork", {"--start-workers", "4"},
                         {.environment = faults.environment()});
}

TEST(PreforkFaults, AForkThatFailsAtTheStartIsTheReason) {
    const FaultLog faults("fork=EAGAIN/3");
    const auto server = start_with(faults);
    ASSERT_FALSE(server);
    EXPECT_TRUE(server.error().message.ends_with(
        "it ended with status 1: error: cannot start a worker: fork: Resource temporarily "
        "unavailable (number 3 of --start-workers 4)"))
        << server.error().message;
    EXPECT_EQ(faults.faults(), 1U);
}

TEST(PreforkFaults, AReloadThatCannotForkKeepsTheFormerWorkers) {
    const FaultLog faults("fork=ENOMEM/1+4");
    auto server = start_with(faults);
    ASSERT_TRUE(server) << server.error().message;
    server->signal(SIGHUP);
    ASSERT_TRUE(server->wait_for_log("reload given up"));
    const auto stats = server->stats();
    ASSERT_FALSE(stats.is_null()) << "they serve";
    EXPECT_EQ(workers_of(stats).size(), 4U);
    EXPECT_EQ(stats["workers"]["retiring"], 0);
    EXPECT_EQ(server->stop(), 0);
}

}  // namespace
}  // namespace echotrio::test
