// `loadgen observe`: stands beside a server in another container and tells what its process group
// and its control group use. Not a web server: one request a connection, known by its first line,
// and nothing that a client sends changes anything.
#include "common/base/cli.hpp"
#include "common/net/signals.hpp"
#include "common/net/socket.hpp"
#include "loadgen/commands/commands.hpp"
#include "loadgen/probe/cgroup.hpp"
#include "loadgen/probe/group.hpp"
#include "loadgen/results/prometheus.hpp"
#include "loadgen/results/result_json.hpp"
#include "loadgen/results/results_file.hpp"
#include "loadgen/subject/cpus.hpp"
#include "loadgen/subject/observer.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace echotrio::loadgen {
namespace {

struct Options {
    pid_t pid = 0;
    std::string name = "server";
    net::HostPort listen{"127.0.0.1", 7100};
};

// How long a client may take to say what it wants.
constexpr Nanos kTimeout = std::chrono::seconds(2);

class ObservedServer {
  public:
    static Result<ObservedServer> attach(const Options& options) {
        auto probe = GroupProbe::attach(options.pid);
        if (!probe) return probe.error();
        return ObservedServer(std::move(*probe), options);
    }

    // Cheap.
    bool has_ended() {
        probe_.sample();
        return probe_.use(0).died;
    }

    // To a request's first line: "GET /use?x=1 HTTP/1.1".
    std::string reply_to(std::string_view line) {
        const std::size_t space = line.find(' ');
        const std::string_view method = line.substr(0, space);
        std::string_view path = space == std::string_view::npos ? "" : line.substr(space + 1);
        path = path.substr(0, path.find_first_of(" \r\n"));
        probe_.count_threads(!path.ends_with(kWithoutThreads));
        path = path.substr(0, path.find('?'));
        if (method != "GET" && method != "HEAD") {
            return reply("405 Method Not Allowed\r\nAllow: GET, HEAD", "text/plain",
                         "nothing here can be changed: GET or HEAD\n");
        }
        std::string whole = answer(path);
        if (method == "HEAD") whole.resize(whole.find("\r\n\r\n") + 4);
        return whole;
    }

  private:
    std::string answer(std::string_view path) {
        constexpr const char* kJson = "application/json";
        if (path == "/healthz") return reply("200 OK", "text/plain", "ok\n");
        if (path == "/memory") probe_.memory();
        if (path == "/use" || path == "/memory") {
            auto json = server_use_to_json(use());
            json[kReadAgo] = seconds(now() - probe_.ended_at());
            return reply("200 OK", kJson, to_indented_text(json));
        }
        if (path == "/machine") {
            const nlohmann::ordered_json machine{{"boot_id", machine_identity()},
                                                 {"cpus", allowed_cpus(options_.pid)}};
            return reply("200 OK", kJson, machine.dump() + "\n");
        }
        if (path == "/metrics") {
            return reply("200 OK", "text/plain; version=0.0.4",
                         use_to_prometheus(use(), options_.name));
        }
        return reply("404 Not Found", "text/plain",
                     "here are: /use /memory /machine /metrics /healthz\n");
    }

    static std::string reply(std::string_view status, std::string_view type,
                             std::string_view body) {
        return fmt::format(
            "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
            status, type, body.size(), body);
    }

    ObservedServer(GroupProbe probe, const Options& options)
        : probe_(std::move(probe)), options_(options) {
        probe_.window_begins();
        probe_.memory();
    }

    // Counted since the start; memory() as it was last walked, and what is resident now.
    ServerUse use() {
        probe_.window_ends();
        ServerUse use = probe_.use(0);
        use.memory["resident"] = probe_.resident_bytes();
        use.cgroup = read_cgroup(options_.pid);
        return use;
    }

    GroupProbe probe_;
    const Options& options_;
};

// Connections whose requests are not all there yet. None waits for another: when there are too
// many, the oldest has to go.
class Guests {
  public:
    void admit(net::Fd connection, ObservedServer& server) {
        Guest guest{std::move(connection), now() + kTimeout, {}};
        if (take(guest, server)) return;  // its request came with it
        if (guests_.size() == kMost) guests_.pop_front();
        guests_.push_back(std::move(guest));
    }
    void add_to(std::vector<pollfd>& wait) const {
        for (const Guest& guest : guests_) wait.push_back({guest.connection.get(), POLLIN, 0});
    }
    // Reads what came and answers the requests that are complete. `events`: as add_to() made them.
    void serve(std::span<const pollfd> events, ObservedServer& server) {
        for (std::size_t i = 0; i < events.size(); ++i) {
            if (events[i].revents != 0 && take(guests_[i], server)) guests_[i].connection.reset();
        }
        const TimePoint time = now();
        std::erase_if(guests_,
                      [&](const Guest& guest) { return !guest.connection || time >= guest.until; });
    }
    bool none() const { return guests_.empty(); }

  private:
    struct Guest {
        net::Fd connection;
        TimePoint until;
        std::string head;
    };
    static constexpr std::size_t kMost = 64, kLongestHead = 4096;

    // Whether that was all.
    static bool take(Guest& guest, ObservedServer& server) {
        std::array<char, kLongestHead> piece{};
        const Io io = net::read_some(guest.connection.get(), piece);
        if (io.kind == Io::Kind::would_block) return false;
        guest.head.append(io.bytes);
        const bool more = io.kind == Io::Kind::bytes && guest.head.size() < kLongestHead &&
                          guest.head.find("\r\n\r\n") == std::string::npos;
        if (more) return false;
        // A new socket's buffer holds a reply of some KiB whole.
        net::write_some(guest.connection.get(), server.reply_to(guest.head));
        return true;
    }

    std::deque<Guest> guests_;  // the oldest first
};

Status observe(const Options& options) {
    constexpr int kBacklog = 128;
    auto signals = net::SignalFd::block({SIGTERM, SIGINT});
    if (!signals) return signals.error();
    auto server = ObservedServer::attach(options);
    if (!server) return server.error();
    auto listener = net::listen_tcp(options.listen, kBacklog);
    if (!listener) return listener.error();
    net::set_nonblocking(listener->get(), true);
    const auto bound = net::local_address(listener->get());
    if (!bound) return bound.error();
    fmt::print("ready observer={} host={} port={} pid={}\n", options.name, bound->host, bound->port,
               options.pid);
    std::fflush(stdout);

    Guests guests;
    TimePoint look_at = now();
    while (!signals->take()) {
        std::vector<pollfd> wait{{listener->get(), POLLIN, 0}, {signals->fd(), POLLIN, 0}};
        guests.add_to(wait);
        const int ready = ::poll(wait.data(), wait.size(), guests.none() ? 1000 : 100);
        if (ready >= 0) guests.serve(std::span(wait).subspan(2), *server);
        for (int i = 0; ready > 0 && (wait[0].revents & POLLIN) && i < kBacklog; ++i) {
            net::Accepted accepted = net::accept_one(listener->get(), true);
            if (!accepted.connection) break;
            guests.admit(std::move(accepted.connection), *server);
        }
        if (now() < look_at) continue;  // not at each packet of a stranger
        if (server->has_ended()) return Error{fmt::format("process {} has ended", options.pid)};
        look_at = now() + std::chrono::milliseconds(100);
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
