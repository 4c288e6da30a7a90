// `loadgen wait`: until servers that are just being started accept connections. For health checks,
// and for schedulers that do not start things in order.
#include "common/base/cli.hpp"
#include "common/net/socket.hpp"
#include "loadgen/commands/commands.hpp"
#include "loadgen/engine/run.hpp"
#include "loadgen/experiment/fetch.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace echotrio::loadgen {
namespace {

struct Options {
    std::vector<std::string> urls;
    Nanos patience = std::chrono::seconds(30);
};

// tcp:// is content with a connection: a prefork server whose workers are all busy is alive, and
// a request would only be counted and wait. http:// wants a 200.
Status reach(const Target& target, Nanos timeout) {
    if (target.scheme == Scheme::http) {
        const auto reply = fetch(target.where, target.path, timeout);
        return reply ? Status(Done{}) : Status(reply.error());
    }
    const auto address = net::resolve(target.where.host, target.where.port);
    if (!address) return address.error();
    const auto connection = net::connect_tcp(*address, timeout);
    return connection ? Status(Done{}) : Status(connection.error());
}

Status wait_for(const std::string& url, TimePoint deadline) {
    constexpr Nanos kBetween = std::chrono::milliseconds(200);
    const auto target = parse_target(url);
    if (!target) return target.error();
    while (true) {
        const Nanos left = std::max<Nanos>(deadline - now(), std::chrono::milliseconds(1));
        Status reached = reach(*target, left);
        if (reached) return reached;
        if (now() + kBetween >= deadline) return Error{url + ": " + reached.error().message};
        std::this_thread::sleep_for(kBetween);
    }
}

Status wait_for_all(const Options& options) {
    const TimePoint deadline = now() + options.patience;
    for (const std::string& url : options.urls) {
        if (const Status status = wait_for(url, deadline); !status) return status;
    }
    return Done{};
}

}  // namespace

void add_wait(CLI::App& app, int& status) {
    CLI::App& command = cli::command(app, "wait", "Wait until servers accept connections");
    auto options = std::make_shared<Options>();
    cli::option(command, "URL", options->urls,
                "tcp://host:port (a connection) or http://host:port/path (a 200)")
        .required();
    cli::duration(command, "--for", options->patience, "How long at most");
    cli::on_command(command, [options, &status] {
        const Status done = wait_for_all(*options);
        status = done ? cli::kExitOk : cli::fail(done.error().message);
    });
}

}  // namespace echotrio::loadgen
