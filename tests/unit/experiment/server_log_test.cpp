// The files that what a server writes goes to.
#include "loadgen/experiment/server_log.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <set>

namespace echotrio::loadgen {
namespace {

namespace fs = std::filesystem;

Trial trial(const std::string& label, const Level& level, std::uint64_t repetition = 1,
            std::uint64_t attempt = 1) {
    Trial made;
    made.point = {label, level, repetition};
    made.attempt = attempt;
    return made;
}

TEST(ServerLog, HasANameForEveryAttempt) {
    EXPECT_EQ(log_name(trial("gunicorn", {"page", 16})), "logs/gunicorn_page_16_r1.log");
    EXPECT_EQ(log_name(trial("a/../b", {"page", 16, 500}, 3, 2)),
              "logs/a%2F..%2Fb_page_16_at500_r3_try2.log");
    EXPECT_EQ(log_name(trial("gunicorn", {"cpu", 8, 0, 15})), "logs/gunicorn_cpu_8_cpus15_r1.log");
    std::set<std::string> names;
    for (const char* label : {"a_b", "a b", "a%20b", "a", "a_page"}) {
        for (const char* workload : {"page", "page_page"}) {
            names.insert(log_name(trial(label, {workload, 1})));
        }
    }
    EXPECT_EQ(names.size(), 10U);
    for (const std::uint64_t cpus : {0U, 1U, 15U}) {
        for (const double rate : {0.0, 1234567.0, 1234568.0}) {
            names.insert(log_name(trial("a", {"cpu", 8, rate, cpus})));
        }
    }
    EXPECT_EQ(names.size(), 19U) << "two rows of a round differ in CPUs or rate alone";
}

TEST(ServerLog, IsBoundedAndTakenAwayWhenEmpty) {
    std::string name = (fs::temp_directory_path() / "echotrio-logs-XXXXXX").string();
    const std::string dir = ::mkdtemp(name.data());
    EXPECT_EQ(log_limit(dir), 64U << 20U);
    const auto file = [&](const char* log, std::uintmax_t size) {
        std::ofstream(dir + "/" + log) << (size > 0 ? "x" : "");
        fs::resize_file(dir + "/" + log, size);  // holes: no disk is filled
    };
    file("logs/a.log", (1U << 30U) - 1000);
    EXPECT_EQ(log_limit(dir), 64U << 10U);
    std::string log = "logs/b.log";
    file("logs/b.log", 0);
    drop_empty_log(dir, log);
    EXPECT_EQ(log, "");
    EXPECT_FALSE(fs::exists(dir + "/logs/b.log"));
    log = "logs/a.log";
    drop_empty_log(dir, log);
    EXPECT_EQ(log, "logs/a.log");
    fs::remove_all(dir);
}

}  // namespace
}  // namespace echotrio::loadgen
