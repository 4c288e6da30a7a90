// Prefork when fork fails: at the start that is the end, later it is not.
#include "tests/faults/fault_log.hpp"
#include "tests/models/prefork_load.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>

namespace echotrio::test {
namespace {

Result<loadgen::Child> start_with(const FaultLog& faults) {
    const char* const bin = std::getenv("ECHOTRIO_BIN");
    return loadgen::Child::start(
        {.argv = {fmt::format("{}/echo-prefork", bin ? bin : loadgen::own_bin_dir()), "--port", "0",
                  "--start-workers", "4"},
         .environment = faults.environment()});
}

TEST(PreforkFaults, AForkThatFailsAtTheStartIsTheReason) {
    const FaultLog faults("fork=EAGAIN/3");
    auto server = start_with(faults);
    ASSERT_TRUE(server);
    EXPECT_EQ(server->wait(kPatience), 1);
    EXPECT_EQ(server->stderr_text(),
              "error: cannot start a worker: fork: Resource temporarily unavailable (number 3 of "
              "--start-workers 4)\n");
    EXPECT_EQ(faults.faults(), 1U);
}

TEST(PreforkFaults, AReloadThatCannotForkKeepsTheFormerWorkers) {
    const FaultLog faults("fork=ENOMEM/1+4");
    auto server = start_with(faults);
    ASSERT_TRUE(server);
    const auto line = server->read_line(kPatience);
    ASSERT_TRUE(line);
    const std::string port = line->substr(line->find("port=") + 5);
    const net::HostPort where{"127.0.0.1", static_cast<std::uint16_t>(std::stoi(port))};
    server->signal(SIGHUP);
    const TimePoint deadline = now() + kPatience;
    while (server->stderr_text().find("reload given up") == std::string::npos) {
        ASSERT_LT(now(), deadline);
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    const auto stats = stats_of(where);
    ASSERT_FALSE(stats.is_null()) << "they serve";
    EXPECT_EQ(workers_of(stats).size(), 4U);
    EXPECT_EQ(stats["workers"]["retiring"], 0);
    EXPECT_EQ(server->stop(kPatience), 0);
}

}  // namespace
}  // namespace echotrio::test
