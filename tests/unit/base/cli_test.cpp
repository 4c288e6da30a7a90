// Command lines: units, ranges, one clear line for a mistake.
#include "common/base/cli.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace echotrio {
namespace {

struct Options {
    Nanos wait = std::chrono::milliseconds(5);
    std::uint64_t size = 65'536;
    std::vector<int> cpus;
    int port = 0;
    double rate = 0;
    std::uint64_t count = 0;
};

struct Outcome {
    std::optional<int> status;
    std::string error;
    Options options;
};

Outcome run(std::vector<const char*> arguments) {
    Outcome outcome;
    const auto program = cli::program("test", "program");
    CLI::App& app = *program;
    cli::duration(app, "--wait", outcome.options.wait, "wait")
        .check(cli::at_most(std::chrono::seconds(10)));
    cli::size(app, "--size", outcome.options.size, "size").check(cli::size_between(1, 1 << 20));
    cli::cpus(app, "--cpus", outcome.options.cpus, "cpus");
    cli::option(app, "--port", outcome.options.port).check(cli::number_between(1, 65535));
    cli::option(app, "--count", outcome.options.count);
    cli::option(app, "-R,--rate", outcome.options.rate).check(cli::positive_number());
    arguments.insert(arguments.begin(), "program");
    testing::internal::CaptureStderr();
    outcome.status = cli::parse(app, static_cast<int>(arguments.size()), arguments.data());
    outcome.error = testing::internal::GetCapturedStderr();
    return outcome;
}

TEST(Cli, ReadsUnits) {
    const auto outcome = run({"--wait", "1.5ms", "--size", "2KiB", "--cpus", "0"});
    EXPECT_FALSE(outcome.status) << outcome.error;
    EXPECT_EQ(outcome.options.wait, std::chrono::microseconds(1500));
    EXPECT_EQ(outcome.options.size, 2048U);
    EXPECT_EQ(outcome.options.cpus, std::vector<int>{0});
}

TEST(Cli, RefusesWithOneLineAndStatusTwo) {
    const std::pair<std::vector<const char*>, const char*> cases[] = {
        {{"--wait", "5"}, "--wait: duration needs a unit"},
        {{"--wait", "11s"}, "must be at most 10s, got 11s"},
        {{"--size", "2MiB"}, "must be 1 to 1MiB, got 2MiB"},
        {{"--port", "0"}, "must be 1 to 65535, got 0"},
        {{"--port", "http"}, "--port: write a whole number like 100, got 'http'"},
        {{"--port", "0x50"}, "--port: write a whole number"},
        {{"--port", "010"}, "--port: write a whole number"},
        {{"--port", "99999999999"}, "--port: is out of range"},
        {{"--port", ""}, "--port: write a whole number"},
        {{"--count", "-1"}, "--count: write a whole number"},
        {{"--count", "+1"}, "--count: write a whole number"},
        {{"--count", "18446744073709551616"}, "--count: is out of range"},
        {{"--rate", "0x10"}, "--rate: write a number like 0.5, got '0x10'"},
        {{"--rate", "inf"}, "--rate: write a number"},
        {{"--rate", "nan"}, "--rate: write a number"},
        {{"--prot", "1"}, "--prot (did you mean --port?)"},
        {{"--rate", "-3"}, "must be > 0, got -3"},
        {{"--rate", "0"}, "must be > 0, got 0"},
        {{"--cpus", "0-"}, "is not a list of CPUs"},
        {{"--cpus", ""}, "--cpus"},
        {{"--cpus", "1023"}, "CPU 1023 is not available"},
        {{"--cpus", "3-1"}, "is not a list of CPUs"},
        {{"--cpus", "99999999999"}, "is not a list of CPUs"},
        {{"--no-such-flag"}, "--no-such-flag"},
        {{"stray"}, "stray"},
        {{"--wait"}, "--wait"},
    };
    for (const auto& [arguments, message] : cases) {
        const auto outcome = run(arguments);
        EXPECT_EQ(outcome.status, cli::kExitUsage) << arguments[0];
        EXPECT_TRUE(outcome.error.starts_with("error: ")) << outcome.error;
        EXPECT_NE(outcome.error.find(message), std::string::npos) << outcome.error;
        EXPECT_EQ(std::count(outcome.error.begin(), outcome.error.end(), '\n'), 1) << outcome.error;
    }
}

TEST(Cli, ShowsDefaultsInHelp) {
    testing::internal::CaptureStdout();
    const auto outcome = run({"--help"});
    const std::string help = testing::internal::GetCapturedStdout();
    EXPECT_EQ(outcome.status, cli::kExitOk);
    // --size SIZE=64KiB or --size SIZE [64KiB]: CLI11's releases differ
    const std::pair<std::string, std::string> defaults[] = {
        {"--wait", "5ms"}, {"--size", "64KiB"}, {"--cpus", "all"}};
    for (const auto& [flag, value] : defaults) {
        const std::size_t at = help.find(flag);
        ASSERT_NE(at, std::string::npos) << help;
        const std::string line = help.substr(at, help.find('\n', at) - at);
        EXPECT_NE(line.find(value), std::string::npos) << line;
    }
}

}  // namespace
}  // namespace echotrio
