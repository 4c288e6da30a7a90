#include "loadgen/subject/observer.hpp"

#include "loadgen/probe/cgroup.hpp"
#include "loadgen/results/difference.hpp"
#include "loadgen/results/result_json.hpp"
#include "loadgen/subject/fetch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <string_view>

namespace echotrio::loadgen {
namespace {

// Long enough for a walk over the memory maps of some hundred processes.
constexpr Nanos kTimeout = std::chrono::seconds(10);

Error no_observer(const net::HostPort& where, std::string_view why) {
    return Error{fmt::format("{} is no observer ({}): start `loadgen observe` there",
                             net::format_host_port(where), why)};
}

}  // namespace

std::string machine_identity() {
    std::ifstream file("/proc/sys/kernel/random/boot_id");
    std::string id;
    file >> id;
    return id;
}

Result<Observer> Observer::attach(const net::HostPort& where) {
    const auto body = fetch(where, "/machine", kTimeout);
    if (!body) return body.error();
    const auto machine = json_from_text(*body);
    if (!machine) return no_observer(where, machine.error().message);
    Observer observer(where);
    try {
        const auto id = machine->at("boot_id").get<std::string>();
        const std::string ours = machine_identity();
        observer.on_this_machine_ = !id.empty() && id == ours;
        if (!id.empty() && !ours.empty()) observer.ends_here_ = observer.on_this_machine_ ? 2 : 1;
        observer.server_cpus_ = machine->at("cpus").get<std::vector<int>>();
    } catch (const nlohmann::json::exception&) {
        return no_observer(where, "its /machine is not that of one");
    }
    return observer;
}

// The answer takes longer than the reading, since threads are counted after it: `read_s_ago` tells
// by how much.
Observer::Reading Observer::ask(const net::HostPort& where, const std::string& path) {
    const auto body = fetch(where, path, kTimeout);
    Reading reading{{}, now()};
    const auto json = body ? json_from_text(*body) : body.error();
    if (!json) return reading;
    if (auto use = server_use_from_json(*json)) reading.use = std::move(*use);
    const auto ago = json->find(kReadAgo);
    if (ago != json->end() && ago->is_number()) {
        reading.at -= from_seconds(std::clamp(ago->get<double>(), 0.0, seconds(kTimeout)));
    }
    return reading;
}

std::shared_future<Observer::Reading> Observer::ask_in_background() const {
    // Deferred where the server has taken all threads that there are: late then, as its time tells.
    const auto policy = std::launch::async | std::launch::deferred;
    return std::async(policy, ask, where_, "/use" + query_).share();
}

void Observer::window_begins() {
    begin_ = ask_in_background();
    end_ = {};
}

void Observer::window_ends() {
    end_ = ask_in_background();
}

TimePoint Observer::begun_at() const {
    return begin_.valid() ? begin_.get().at : TimePoint{};
}

TimePoint Observer::ended_at() const {
    return end_.valid() ? end_.get().at : TimePoint{};
}

GroupProbe::Sample Observer::sample() {
    const auto use = ask(where_, "/use" + query_).use;
    if (!use || !begin_.valid() || !begin_.get().use) return {};
    const auto resident = use->memory.find("resident");
    return {use->cpu_s.value_or(0) - begin_.get().use->cpu_s.value_or(0),
            resident == use->memory.end() ? 0 : resident->second.value_or(0)};
}

MemoryUse Observer::memory() {
    if (auto use = ask(where_, "/memory" + query_).use) memory_ = std::move(use->memory);
    return memory_;
}

std::optional<ServerUse> Observer::use(std::uint64_t requests) const {
    if (!begin_.valid() || !end_.valid()) return std::nullopt;
    const auto &begin = begin_.get().use, &end = end_.get().use;
    if (!begin || !end) return std::nullopt;
    ServerUse use = *end;
    subtract_counters(use, *begin);
    if (use.cgroup && begin->cgroup) subtract_counters(*use.cgroup, *begin->cgroup);
    if (use.cpu_s && requests > 0) {
        use.cpu_us_per_request = *use.cpu_s * 1e6 / static_cast<double>(requests);
    }
    use.memory = memory_;
    return use;
}

}  // namespace echotrio::loadgen
