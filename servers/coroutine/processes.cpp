#include "servers/coroutine/processes.hpp"

#include "common/base/cli.hpp"
#include "common/supervise/supervisor.hpp"

#include <csignal>
#include <memory>
#include <utility>

namespace echotrio::coroutine {
namespace {

// A process of its own, with its slot. The supervisor orders by SIGTERM.
int serve_in_slot(const Options& options, Scoreboard& board, const work::Burner& burner,
                  const supervise::WorkerSetup& setup) {
    // it was blocked at the fork: an order that has come since then is not lost
    auto signals = net::SignalFd::block({SIGTERM});
    if (!signals) return cli::fail(signals.error().message);
    const auto loop =
        std::make_unique<EventLoop>(options, *std::move(signals), net::Fd(setup.listener),
                                    Place{board, board.slot(setup.slot), burner});
    supervise::report_started(board.slot(setup.slot), setup.started);
    return loop->run() ? cli::kExitOk : cli::kExitFailed;
}

}  // namespace

int run_processes(const Options& options) {
    auto signals = net::SignalFd::block({SIGTERM, SIGINT, SIGCHLD});
    if (!signals) return cli::fail(signals.error().message);
    const work::Burner burner;  // measured once, before the processes inherit it
    auto board = Scoreboard::shared(options.server.settings.model,
                                    static_cast<std::size_t>(options.processes));
    if (!board) return cli::fail(board.error().message);
    const int n = options.processes;
    const supervise::Options fixed{options.server, {n, n, n, n}, true, kProcessesFlag};
    auto workers = supervise::WorkerSet::create(fixed, *board, [&](const auto& setup) {
        return serve_in_slot(options, *board, burner, setup);
    });
    if (!workers) return cli::fail(workers.error().message);
    return supervise::run(fixed, *std::move(signals), *std::move(workers));
}

}  // namespace echotrio::coroutine
