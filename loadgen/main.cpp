// loadgen: the load generator and everything that is made of its runs. Each command is a file in
// loadgen/commands.
#include "common/base/cli.hpp"
#include "loadgen/commands/commands.hpp"

int main(int argc, char** argv) {
    using namespace echotrio;
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
    loadgen::add_wait(app, status);
    if (const auto ended = cli::parse(app, argc, argv)) return *ended;
    return status;
}
