#include "loadgen/subject/observer.hpp"

#include "loadgen/probe/cgroup.hpp"
#include "loadgen/results/difference.hpp"
#include "loadgen/results/result_json.hpp"
#include "loadgen/subject/fetch.hpp"

#include <fmt/format.h>

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

Result<ServerUse> ask_observer(const net::HostPort& where, const char* path) {
    const auto body = fetch(where, path, kTimeout);
    if (!body) return body.error();
    const auto json = json_from_text(*body);
    if (!json) return no_observer(where, json.error().message);
    auto use = server_use_from_json(*json);
    if (!use) return no_observer(where, use.error().message);
    return use;
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

std::optional<ServerUse> Observer::ask(const char* path) {
    auto use = ask_observer(where_, path);
    if (!use) return std::nullopt;
    return std::move(*use);
}

void Observer::window_begins() {
    begin_ = ask("/use");
    end_.reset();
}

void Observer::window_ends() {
    end_ = ask("/use");
}

GroupProbe::Sample Observer::sample() {
    const auto use = ask("/use");
    if (!use || !begin_) return {};
    const auto resident = use->memory.find("resident");
    return {use->cpu_s - begin_->cpu_s,
            resident == use->memory.end() ? 0 : resident->second.value_or(0)};
}

MemoryUse Observer::memory() {
    if (auto use = ask("/memory")) memory_ = std::move(use->memory);
    return memory_;
}

std::optional<ServerUse> Observer::use(std::uint64_t requests) const {
    if (!begin_ || !end_) return std::nullopt;
    ServerUse use = *end_;
    subtract_counters(use, *begin_);
    if (use.cgroup && begin_->cgroup) subtract_counters(*use.cgroup, *begin_->cgroup);
    if (requests > 0) use.cpu_us_per_request = use.cpu_s * 1e6 / static_cast<double>(requests);
    use.memory = memory_;
    return use;
}

}  // namespace echotrio::loadgen
