// `loadgen observe`: stands beside a server in another container and tells what its process group
// and its control group use. Not a web server: one request a connection, known by its first line,
// one connection at a time, and nothing that a client sends changes anything.
#include "common/base/cli.hpp"
#include "common/net/signals.hpp"
#include "common/net/socket.hpp"
#include "loadgen/commands/commands.hpp"
#include "loadgen/experiment/cpus.hpp"
#include "loadgen/experiment/observer.hpp"
#include "loadgen/probe/cgroup.hpp"
#include "loadgen/probe/group.hpp"
#include "loadgen/report/prometheus.hpp"
#include "loadgen/report/result_json.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <string>
#include <string_view>

namespace echotrio::loadgen {
namespace {

struct Options {
    pid_t pid = 0;
    std::string name = "server";
    net::HostPort listen{"127.0.0.1", 7100};
};

// All that a client may take of our time.
constexpr Nanos kPatience = std::chrono::seconds(2);

class ObservedServer {
  public:
    static Result<ObservedServer> attach(const Options& options) {
        auto probe = GroupProbe::attach(options.pid);
        if (!probe) return probe.error();
        auto threads = GroupProbe::attach(options.pid);
        if (!threads) return threads.error();
        return ObservedServer(std::move(*probe), std::move(*threads), options);
    }

    // Cheap.
    bool has_ended() {
        probe_.sample();
        return probe_.use(0).died;
    }

    std::string reply_to(std::string_view request) {
        const auto asks = [&](std::string_view path) {
            return request.starts_with(fmt::format("GET {} HTTP/1.", path));
        };
        if (asks("/healthz")) return reply("200 OK", "text/plain", "ok\n");
        if (asks("/memory")) probe_.memory();
        if (asks("/use") || asks("/memory")) {
            return reply("200 OK", "application/json", server_use_to_json(use()).dump(2) + "\n");
        }
        if (asks("/machine")) {
            const nlohmann::ordered_json machine{{"boot_id", machine_identity()},
                                                 {"cpus", allowed_cpus(options_.pid)}};
            return reply("200 OK", "application/json", machine.dump() + "\n");
        }
        if (asks("/metrics")) {
            return reply("200 OK", "text/plain; version=0.0.4",
                         use_to_prometheus(use(), options_.name));
        }
        return reply("404 Not Found", "text/plain",
                     "here are: /use /memory /machine /metrics /healthz\n");
    }

  private:
    static std::string reply(std::string_view status, std::string_view type,
                             std::string_view body) {
        return fmt::format(
            "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
            status, type, body.size(), body);
    }

    ObservedServer(GroupProbe probe, GroupProbe threads, const Options& options)
        : probe_(std::move(probe)), threads_(std::move(threads)), options_(options) {
        probe_.window_begins();
        threads_.window_begins();
        probe_.memory();
    }

    // Counted since the start; memory() as it was last walked, and what is resident now.
    ServerUse use() {
        probe_.window_ends();
        ServerUse use = probe_.use(0);
        count_switches();
        use.voluntary_switches = switches_.voluntary_switches;
        use.involuntary_switches = switches_.involuntary_switches;
        use.run_queue_wait_s = switches_.run_queue_wait_s;
        use.memory["resident"] = probe_.sample().resident_bytes;
        use.cgroup = read_cgroup(options_.pid);
        return use;
    }

    // Threads take their switches with them when they end. Summed up from question to question they
    // never step back, and a generator's window has the switches that a probe of its own would see.
    void count_switches() {
        threads_.window_ends();
        const ServerUse more = threads_.use(0);
        threads_.window_begins();
        add(switches_.voluntary_switches, more.voluntary_switches);
        add(switches_.involuntary_switches, more.involuntary_switches);
        add(switches_.run_queue_wait_s, more.run_queue_wait_s);
    }
    template <class T>
    static void add(std::optional<T>& sum, const std::optional<T>& more) {
        if (more) sum = sum.value_or(T{}) + *more;
    }

    GroupProbe probe_, threads_;
    ServerUse switches_;  // the sums so far
    const Options& options_;
};

// The request up to the end of its head; cut where it is too long, too slow or broken off.
std::string read_head(int connection) {
    const TimePoint deadline = now() + kPatience;
    std::array<char, 4096> head{};
    std::size_t held = 0;
    while (held < head.size()) {
        const Nanos left = deadline - now();
        if (left <= Nanos(0)) break;
        net::set_receive_timeout(connection, left);
        const net::Io io = net::read_some(connection, std::span(head).subspan(held));
        if (io.kind != net::Io::Kind::bytes) break;
        held += io.count;
        if (std::string_view(head.data(), held).find("\r\n\r\n") != std::string_view::npos) break;
    }
    return {head.data(), held};
}

void serve(const net::Fd& connection, ObservedServer& server) {
    net::set_send_timeout(connection.get(), kPatience);
    const std::string text = server.reply_to(read_head(connection.get()));
    for (std::string_view rest = text; !rest.empty();) {
        const net::Io io = net::write_some(connection.get(), rest);
        if (io.kind != net::Io::Kind::bytes) return;
        rest.remove_prefix(io.count);
    }
}

Status observe(const Options& options) {
    auto signals = net::SignalFd::block({SIGTERM, SIGINT});
    if (!signals) return signals.error();
    auto server = ObservedServer::attach(options);
    if (!server) return server.error();
    auto listener = net::listen_tcp(options.listen, 16);
    if (!listener) return listener.error();
    net::set_nonblocking(listener->get(), true);
    const auto bound = net::local_address(listener->get());
    if (!bound) return bound.error();
    fmt::print("ready observer={} host={} port={} pid={}\n", options.name, bound->host, bound->port,
               options.pid);
    std::fflush(stdout);

    std::array<pollfd, 2> wait{{{listener->get(), POLLIN, 0}, {signals->fd(), POLLIN, 0}}};
    while (!signals->take()) {
        const int ready = ::poll(wait.data(), wait.size(), 1000);
        if (server->has_ended()) return Error{fmt::format("process {} has ended", options.pid)};
        if (ready <= 0 || !(wait[0].revents & POLLIN)) continue;
        const net::Accepted accepted = net::accept_one(listener->get(), false);
        if (accepted.connection) serve(accepted.connection, *server);
    }
    return Done{};
}

}  // namespace

void add_observe(CLI::App& app, int& status) {
    CLI::App& command = cli::command(
        app, "observe", "Tell what a server's process group uses, for generators elsewhere");
    auto options = std::make_shared<Options>();
    cli::option(command, "--pid", options->pid,
                "The server's process, measured with its descendants")
        .required()
        .check(cli::positive_number());
    cli::option(command, "--name", options->name, "What the Prometheus metrics call it");
    cli::option(command, "--host", options->listen.host, "Address to listen on");
    cli::option(command, "--port", options->listen.port, "Port to listen on; 0: the kernel picks");
    cli::on_command(command, [options, &status] {
        const Status done = observe(*options);
        status = done ? cli::kExitOk : cli::fail(done.error().message);
    });
}

}  // namespace echotrio::loadgen
