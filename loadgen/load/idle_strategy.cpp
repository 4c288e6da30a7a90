#include "loadgen/load/idle_strategy.hpp"

#include "common/base/check.hpp"

#include <algorithm>
#include <set>

namespace echotrio::loadgen {
namespace {

bool have_common(const std::vector<int>& a, const std::vector<int>& b) {
    return std::find_first_of(a.begin(), a.end(), b.begin(), b.end()) != a.end();
}

}  // namespace

const std::vector<std::string>& idle_strategy_names() {
    static const std::vector<std::string> kNames{"auto", "sleep", "spin"};
    return kNames;
}

const std::string& name_of(IdleStrategy strategy) {
    return idle_strategy_names()[static_cast<std::size_t>(strategy)];
}

IdleStrategy idle_strategy_named(std::string_view name) {
    const auto& names = idle_strategy_names();
    const auto found = std::find(names.begin(), names.end(), name);
    CHECK(found != names.end());
    return static_cast<IdleStrategy>(found - names.begin());
}

bool has_cpus_of_its_own(const Placement& p) {
    const std::set<int> own(p.generator_cpus.begin(), p.generator_cpus.end());
    if (p.cpu_limited || own.empty() || own.size() < p.threads) return false;
    if (p.server_elsewhere) return true;
    if (p.server_cpus.empty()) return false;
    return !have_common(p.generator_cpus, p.server_cpus) &&
           !have_common(p.generator_cores, p.server_cores);
}

}  // namespace echotrio::loadgen
