// loadgen: the load generator and everything that is made of its runs. Each command is a file in
// loadgen/commands.
#include "common/base/cli.hpp"
#include "common/net/signals.hpp"
#include "loadgen/commands/commands.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <new>
#include <system_error>

int main(int argc, char** argv) try {
    using namespace echotrio;
    net::reset_signals();
    const auto program = cli::program(
        "Generates load on TCP and HTTP servers and says how far the numbers can be trusted",
        "loadgen");
    CLI::App& app = *program;
    int status = cli::kExitOk;
    loadgen::add_calibrate(app, status);
    loadgen::add_claims(app, status);
    loadgen::add_compare(app, status);
    loadgen::add_merge(app, status);
    loadgen::add_observe(app, status);
    loadgen::add_plan(app, status);
    loadgen::add_report(app, status);
    loadgen::add_run(app, status);
    loadgen::add_search(app, status);
    loadgen::add_tune(app, status);
    loadgen::add_wait(app, status);
    if (const auto ended = cli::parse(app, argc, argv)) return *ended;
    const bool shown = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
    return shown || status != cli::kExitOk ? status : cli::fail("cannot write to standard output");
} catch (const std::bad_alloc&) {
    return echotrio::cli::fail(
        "there is no memory for that: ask for less (--size, --connections, --threads), or raise "
        "the "
        "limit (ulimit -v)");
} catch (const std::system_error& why) {  // a thread that can't be started
    return echotrio::cli::fail(
        fmt::format("the system refuses what is needed: {}", why.code().message()));
} catch (const std::exception& why) {  // a mistake of ours; nothing is to be lost by it
    return echotrio::cli::fail(
        fmt::format("unexpected, please report it with the command: {}", why.what()));
}
