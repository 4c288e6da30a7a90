// A pool before, under and after a load: its processes and their memory.
#include "common/base/units.hpp"
#include "loadgen/claims/experiments.hpp"
#include "loadgen/claims/figures.hpp"
#include "loadgen/claims/raw_clients.hpp"
#include "loadgen/probe/memory.hpp"
#include "loadgen/probe/proc_fs.hpp"
#include "loadgen/subject/server_process.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <set>
#include <utility>

namespace echotrio::loadgen {
namespace {

constexpr std::size_t kConnections = 24;

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

void add_look(Measurement& found, const std::string& when, const std::string& label,
              const Look& at) {
    found.figures.push_back(
        exact_figure({when + "/processes", label, "prefork"}, static_cast<double>(at.processes)));
    found.figures.push_back(
        exact_figure({when + "/anonymous_bytes", label, "prefork", "bytes"}, at.bytes));
}

std::vector<Measurement> measure(const ClaimContext& context, const Trials&) {
    Measurement found;
    const auto give_up = [&](const std::string& why) {
        found.reason = why;
        return std::vector<Measurement>{found};
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
        const auto clients = RawClients::connect(server->where(), kConnections);
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
    add_look(found, "before", "before", before);
    add_look(found, "peak", "under load", peak);
    add_look(found, "later", "seconds later", after);
    const int stages = static_cast<int>(grew) + static_cast<int>(shrank) + static_cast<int>(gone);
    found.figures.push_back(exact_figure({"stages", "grew, shrank, ended"}, stages));
    found.notes = {{"ended", gone}, {"connections", kConnections}};
    found.reason = fmt::format(
        "processes {} before, {} with {} connections, {} some seconds after they closed{}; memory "
        "of their own (anonymous) {}, {} and {}",
        before.processes, peak.processes, kConnections, after.processes,
        gone ? "" : ", and some are left after the end", human_bytes(before.bytes),
        human_bytes(peak.bytes), human_bytes(after.bytes));
    return {found};
}

}  // namespace

ClaimTest resources_on_need() {
    Sentence sentence{
        "process-resources-follow-need",
        "Resources of processes grow and shrink with need and return to the system "
        "at the end",
        {within("stages", 3, 3)},
        ClaimPicture{"processes", {"before/processes", "peak/processes", "later/processes"}},
        false};
    sentence.source = {
        "a pool is watched in /proc before, under and after 24 connections, and when it has ended: "
        "its processes and the memory that only they have",
        "loadgen/claims/resources_on_need.cpp", "measure"};
    return {.name = "resources before, at the peak and after",
            .sentences = {sentence},
            .measure = measure,
            .own_means = true,
            .not_in_python = "py-prefork keeps a fixed pool, as gunicorn's sync workers are"};
}

}  // namespace echotrio::loadgen
