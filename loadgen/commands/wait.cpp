// `loadgen wait`: until servers that are just being started accept connections. For health checks,
// and for schedulers that do not start things in order.
#include "common/base/cli.hpp"
#include "common/net/socket.hpp"
#include "loadgen/commands/commands.hpp"
#include "loadgen/load/load.hpp"
#include "loadgen/subject/fetch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace echotrio::loadgen {
namespace {

struct Options {
    std::vector<std::string> urls;
    Nanos patience = std::chrono::seconds(30);
};

// tcp:// is content with a connection: a prefork server whose workers are all busy is alive, and
// a request would only be counted and wait. http:// wants a status of success.
Status reach(const Target& target, Nanos timeout) {
    if (target.scheme == Scheme::tcp) {
        const auto connection = net::connect_tcp(target.where, timeout);
        return connection ? Status(Done{}) : Status(connection.error());
    }
    const auto code = fetch_status(target.where, target.path, timeout);
    if (!code) return code.error();
    if (*code >= 200 && *code < 300) return Done{};
    return Error{fmt::format("answered with status {}", *code)};
}

// A try that hangs is given up, for a server may have taken its connection before it was ready;
// the next one gets longer, for a server may be slow.
Status wait_for(const std::string& url, const Target& target, TimePoint deadline) {
    constexpr Nanos kBetween = std::chrono::milliseconds(200);
    Nanos longest = std::chrono::seconds(1);
    std::string why;
    while (true) {
        const Nanos left = std::max<Nanos>(deadline - now(), std::chrono::milliseconds(1));
        Status reached = reach(target, std::min(left, longest));
        if (reached) return reached;
        // What the deadline cut off says less than what an earlier one was told.
        if (why.empty() || now() < deadline) why = reached.error().message;
        if (now() + kBetween >= deadline) return Error{fmt::format("{}: {}", url, why)};
        std::this_thread::sleep_for(kBetween);
        longest *= 2;
    }
}

int wait_for_all(const Options& options) {
    std::vector<Target> targets;
    for (const std::string& url : options.urls) {
        auto target = parse_target(url);
        if (!target) return cli::fail("URL: " + target.error().message, cli::kExitUsage);
        targets.push_back(std::move(*target));
    }
    const TimePoint deadline = now() + options.patience;
    for (std::size_t i = 0; i < targets.size(); ++i) {
        const Status there = wait_for(options.urls[i], targets[i], deadline);
        if (!there) return cli::fail(there.error().message);
    }
    return cli::kExitOk;
}

}  // namespace

void add_wait(CLI::App& app, int& status) {
    CLI::App& command = cli::command(app, "wait", "Wait until servers accept connections");
    auto options = std::make_shared<Options>();
    cli::option(command, "URL", options->urls,
                "tcp://host:port (a connection) or http://host:port/path (a status "
                "2xx)")
        .required();
    cli::duration(command, "--for", options->patience, "How long at most");
    cli::on_command(command, [options, &status] { status = wait_for_all(*options); });
}

}  // namespace echotrio::loadgen
