// Claims about processes as containers: of faults, and of resources.
#include "common/net/socket.hpp"
#include "loadgen/experiment/claims.hpp"
#include "loadgen/experiment/server_process.hpp"
#include "loadgen/probe/memory.hpp"
#include "loadgen/probe/proc_fs.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <functional>
#include <set>
#include <utility>

namespace echotrio::loadgen {
namespace {

// Only a bound: on a quiet machine everything here takes milliseconds.
constexpr Nanos kPatience = std::chrono::seconds(20);

// Raw connections that a server has answered at least once.
class Clients {
  public:
    static Result<Clients> connect(const net::HostPort& where, std::size_t count) {
        Clients clients;
        const auto address = net::resolve(where.host, where.port);
        if (!address) return address.error();
        for (std::size_t i = 0; i < count; ++i) {
            auto connection = net::connect_tcp(*address, kPatience);
            if (!connection) return connection.error();
            net::set_receive_timeout(connection->get(), kPatience);
            clients.connections_.push_back(std::move(*connection));
        }
        return clients;
    }

    std::size_t answered() const {
        std::size_t alive = 0;
        for (const net::Fd& connection : connections_) {
            std::array<char, 16> reply{};
            const bool sent = net::write_some(connection.get(), "hello").count == 5;
            if (sent && net::read_some(connection.get(), reply).count == 5) ++alive;
        }
        return alive;
    }

  private:
    std::vector<net::Fd> connections_;
};

// Kills what serves one of the connections, or the whole server where that is one process; how many
// of `count` connections are answered afterwards.
Result<std::size_t> survivors(const ClaimContext& context, const std::string& model,
                              std::size_t count) {
    std::vector<std::string> arguments;
    if (model == "prefork") arguments = {"--start-workers", fmt::format("{}", count)};
    auto server = ServerProcess::start(context.bin_dir, model, arguments);
    if (!server) return server.error();
    const auto clients = Clients::connect(server->where(), count);
    if (!clients) return clients.error();
    if (clients->answered() != count) return Error{"not every connection was answered at first"};
    const auto workers = children_of(server->pid());
    const pid_t victim = workers.empty() ? server->pid() : workers.front();
    ::kill(victim, SIGKILL);
    if (workers.empty()) server->child().wait(kPatience);
    return clients->answered();
}

// A pool's processes and the memory that only they have.
struct Look {
    std::uint64_t processes = 0;
    double bytes = 0;
};
class Family {
  public:
    explicit Family(pid_t root) : root_(root) {}

    Look look() {
        Look look;
        for (const ProcStat& process : all_processes()) {
            if (process.pid != root_ && process.parent != root_) continue;
            if (process.state == 'Z' || process.state == 'X') continue;  // not waited for yet
            const auto rollup = read_text(proc_path(process.pid, "smaps_rollup"));
            const auto bytes = anonymous_bytes(rollup.value_or(""));
            if (!bytes) continue;  // ended just now
            seen_.emplace(process.pid, process.started);
            ++look.processes;
            look.bytes += *bytes;
        }
        return look;
    }

    // None of those that were ever seen lives, wherever its parent left it.
    bool gone() const {
        const auto now = all_processes();
        return std::none_of(now.begin(), now.end(), [&](const ProcStat& process) {
            return process.state != 'Z' && process.state != 'X' &&
                   seen_.contains({process.pid, process.started});
        });
    }

  private:
    pid_t root_;
    std::set<std::pair<pid_t, std::uint64_t>> seen_;  // the start tells a pid's second owner apart
};

// Whether it came about before the patience ended.
bool comes_about(const ClaimContext& context, Nanos patience, const std::function<bool()>& state) {
    const TimePoint end = now() + patience;
    while (!state()) {
        if (now() >= end || context.stop()) return false;
        ::poll(nullptr, 0, 100);
    }
    return true;
}

}  // namespace

std::vector<Claim> contained_faults(const ClaimContext& context) {
    constexpr std::size_t kConnections = 8;
    Claim contained{"process-contains-faults",
                    "A process is a container: a fault that kills a worker takes down only its own "
                    "connection"};
    Claim shared{"shared-process-shares-faults",
                 "The same fault takes a server of threads or of coroutines down whole"};
    contained.by_time = shared.by_time = false;
    const auto prefork = survivors(context, "prefork", kConnections);
    const auto threads = survivors(context, "threads", kConnections);
    const auto coroutine = survivors(context, "coroutine", kConnections);
    for (const auto* one : {&prefork, &threads, &coroutine}) {
        if (*one) continue;
        contained.reason = shared.reason = one->error().message;
        return {contained, shared};
    }
    contained.evidence = {{"connections", kConnections}, {"survive_in_prefork", *prefork}};
    contained.reason = fmt::format("after kill -9 of one worker {} of {} connections are answered",
                                   *prefork, kConnections);
    contained.verdict =
        *prefork == kConnections - 1 ? ClaimVerdict::supported : ClaimVerdict::refuted;
    shared.evidence = {{"connections", kConnections},
                       {"survive_in_threads", *threads},
                       {"survive_in_coroutine", *coroutine}};
    shared.reason = fmt::format(
        "after kill -9 {} of {} connections of threads and {} of coroutine "
        "are answered",
        *threads, kConnections, *coroutine);
    shared.verdict =
        *threads == 0 && *coroutine == 0 ? ClaimVerdict::supported : ClaimVerdict::refuted;
    return {contained, shared};
}

std::vector<Claim> resources_on_need(const ClaimContext& context) {
    constexpr std::size_t kConnections = 24;
    Claim claim{"process-resources-follow-need",
                "Resources of processes grow and shrink with need and return to the system at the "
                "end"};
    claim.by_time = false;
    const auto give_up = [&](const std::string& why) {
        claim.reason = why;
        return std::vector<Claim>{claim};
    };
    auto server = ServerProcess::start(
        context.bin_dir, "prefork",
        {"--start-workers", "2", "--min-spare", "2", "--max-spare", "4", "--max-workers", "64"});
    if (!server) return give_up(server.error().message);
    Family family(server->pid());
    const Look before = family.look();
    if (before.processes == 0) return give_up("the processes of the pool can't be seen in /proc");
    Look peak;
    bool grew = false;
    {
        // The pool doubles its growth every second: 1, 2, 4, 8 ... workers.
        const auto clients = Clients::connect(server->where(), kConnections);
        if (!clients) return give_up(clients.error().message);
        grew = comes_about(context, std::chrono::seconds(60), [&] {
            peak = family.look();
            return peak.processes > kConnections && peak.bytes > before.bytes;
        });
    }
    // It retires one idle worker a second: a few are enough to see the direction.
    const std::uint64_t fewer = context.quick ? 3 : 15;
    Look after;
    const bool shrank = comes_about(context, std::chrono::seconds(60), [&] {
        after = family.look();
        return after.processes + fewer <= peak.processes && after.bytes < peak.bytes;
    });
    server->stop();
    const bool gone = comes_about(context, kPatience, [&] { return family.gone(); });
    const auto as_json = [](const Look& at) {
        return nlohmann::ordered_json{{"processes", at.processes}, {"anonymous_bytes", at.bytes}};
    };
    claim.evidence = {{"before", as_json(before)},
                      {"peak", as_json(peak)},
                      {"later", as_json(after)},
                      {"ended", gone},
                      {"connections", kConnections}};
    claim.reason = fmt::format(
        "processes {} before, {} with {} connections, {} some seconds after they closed{}; memory "
        "of their own (anonymous) {:.3g}, {:.3g} and {:.3g} MiB",
        before.processes, peak.processes, kConnections, after.processes,
        gone ? "" : ", and some are left after the end", before.bytes / (1 << 20),
        peak.bytes / (1 << 20), after.bytes / (1 << 20));
    claim.verdict = grew && shrank && gone ? ClaimVerdict::supported : ClaimVerdict::refuted;
    return {claim};
}

}  // namespace echotrio::loadgen
