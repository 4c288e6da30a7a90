// Claims about processes as containers: of faults, and of resources.
#include "common/net/socket.hpp"
#include "loadgen/experiment/claims.hpp"
#include "loadgen/experiment/server_process.hpp"
#include "loadgen/probe/group.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <csignal>

namespace echotrio::loadgen {
namespace {

constexpr Nanos kPatience = std::chrono::seconds(5);

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

void pause_for(const ClaimContext& context, Nanos duration) {
    const TimePoint end = now() + duration;
    while (now() < end && !context.stop()) ::poll(nullptr, 0, 50);
}

}  // namespace

std::vector<Claim> contained_faults(const ClaimContext& context) {
    constexpr std::size_t kConnections = 8;
    Claim contained{"process-contains-faults",
                    "A process is a container: a fault that kills a worker takes down only its own "
                    "connection"};
    Claim shared{"shared-process-shares-faults",
                 "The same fault takes a server of threads or of coroutines down whole"};
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
    const auto give_up = [&](const std::string& why) {
        claim.reason = why;
        return std::vector<Claim>{claim};
    };
    auto server = ServerProcess::start(
        context.bin_dir, "prefork",
        {"--start-workers", "2", "--min-spare", "2", "--max-spare", "4", "--max-workers", "64"});
    if (!server) return give_up(server.error().message);
    auto probe = GroupProbe::attach(server->pid());
    if (!probe) return give_up(probe.error().message);
    struct Look {
        double pss = 0;
        std::uint64_t processes = 0;
    };
    const auto look = [&] {
        const auto memory = probe->memory();
        const auto pss = memory.find("pss");
        return Look{pss == memory.end() ? 0 : pss->second.value_or(0), probe->use(0).processes};
    };
    const Look before = look();
    Look peak;
    {
        // The pool doubles its growth every second: 1, 2, 4, 8 ... workers.
        const auto clients = Clients::connect(server->where(), kConnections);
        if (!clients) return give_up(clients.error().message);
        const TimePoint deadline = now() + std::chrono::seconds(15);
        while (now() < deadline && !context.stop() && look().processes <= kConnections) {
            pause_for(context, std::chrono::milliseconds(250));
        }
        peak = look();
    }
    // It retires one idle worker a second: a few are enough to see the direction.
    pause_for(context, std::chrono::seconds(context.quick ? 5 : 20));
    const Look after = look();
    server->stop();
    look();
    const auto as_json = [](const Look& at) {
        return nlohmann::ordered_json{{"processes", at.processes}, {"pss_bytes", at.pss}};
    };
    claim.evidence = {{"before", as_json(before)},
                      {"peak", as_json(peak)},
                      {"later", as_json(after)},
                      {"ended", probe->use(0).died},
                      {"connections", kConnections}};
    claim.reason = fmt::format(
        "processes {} before, {} with {} connections, {} some seconds after they closed; memory "
        "(PSS) {:.3g}, {:.3g} and {:.3g} MiB",
        before.processes, peak.processes, kConnections, after.processes, before.pss / (1 << 20),
        peak.pss / (1 << 20), after.pss / (1 << 20));
    const bool grew = peak.processes > before.processes && peak.pss > before.pss;
    const bool shrank = after.processes < peak.processes && after.pss < peak.pss;
    const bool gone = probe->use(0).died && children_of(server->pid()).empty();
    claim.verdict = grew && shrank && gone ? ClaimVerdict::supported : ClaimVerdict::refuted;
    return {claim};
}

}  // namespace echotrio::loadgen
