#include "loadgen/experiment/server_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <system_error>

namespace echotrio::loadgen {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kMostOfOne = 64U << 20U;
constexpr std::uintmax_t kMostOfAll = 1U << 30U;
constexpr std::uintmax_t kAlways = 64U << 10U;

// Of any label, so that no two come to the same.
std::string file_part(const std::string& label) {
    std::string part;
    for (const char c : label) {
        const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.';
        part += plain
                    ? std::string(1, c)
                    : fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
    return part;
}

}  // namespace

std::string log_name(const Trial& trial) {
    const TrialPoint& point = trial.point;
    std::string name = fmt::format("logs/{}_{}_{}", file_part(point.variant),
                                   file_part(point.level.workload), point.level.connections);
    if (point.level.rate > 0) name += fmt::format("_at{}", point.level.rate);
    if (point.level.server_cpus > 0) name += fmt::format("_cpus{}", point.level.server_cpus);
    name += fmt::format("_r{}", point.repetition);
    if (trial.attempt > 1) name += fmt::format("_try{}", trial.attempt);
    return name + ".log";
}

std::uint64_t log_limit(const std::string& folder) {
    std::error_code error;
    const fs::path logs = fs::path(folder) / "logs";
    fs::create_directories(logs, error);
    std::uintmax_t used = 0;
    for (const auto& entry : fs::directory_iterator(logs, error)) {
        const std::uintmax_t size = entry.file_size(error);
        if (!error) used += size;
    }
    const std::uintmax_t left = kMostOfAll - std::min(used, kMostOfAll);
    return std::max(kAlways, std::min(kMostOfOne, left));
}

void drop_empty_log(const std::string& folder, std::string& log) {
    if (log.empty()) return;
    std::error_code error;
    const fs::path file = fs::path(folder) / log;
    const bool empty = fs::is_empty(file, error);
    if (!empty && !error) return;
    fs::remove(file, error);
    log.clear();
}

}  // namespace echotrio::loadgen
