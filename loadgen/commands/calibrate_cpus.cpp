#include "loadgen/commands/calibrate_cpus.hpp"

#include "loadgen/analysis/verdict.hpp"
#include "loadgen/experiment/two_cpus.hpp"
#include "loadgen/probe/cgroup.hpp"
#include "loadgen/results/format.hpp"
#include "loadgen/results/result_json.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

namespace echotrio::loadgen {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kRounds = 9;

}  // namespace

std::optional<Finding> CpuFindings::flag() const {
    return two_cpus_finding(two);
}

Result<CpuFindings> look_at_cpus(const std::vector<int>& server_cpus,
                                 const std::vector<int>& generator_cpus,
                                 const std::function<bool()>& stop) {
    CpuFindings found;
    found.had.server = server_cpus.size();
    found.had.generator = generator_cpus.size();
    found.had.apart =
        std::find_first_of(server_cpus.begin(), server_cpus.end(), generator_cpus.begin(),
                           generator_cpus.end()) == server_cpus.end();
    // Both are this process.
    if (const auto group = read_cgroup(::getpid())) {
        found.had.server_quota = found.had.generator_quota = group->cpu_limit;
    }
    const int first = server_cpus.front();
    const auto other = std::find_if(generator_cpus.begin(), generator_cpus.end(),
                                    [&](int cpu) { return cpu != first; });
    if (other == generator_cpus.end()) return found;
    auto two = measure_two_cpus({.first = first, .second = *other, .rounds = kRounds}, stop);
    if (!two) return two.error();
    found.burned = {first, *other};
    found.two = *two;
    return found;
}

std::string describe(const CpuFindings& found) {
    std::string text = fmt::format("CPUs      null {}{}\n", cpus_words(found.had),
                                   found.had.generator_quota ? "" : "; no quota known");
    if (found.burned.empty()) return text + "two CPUs  not looked at: there is only one to use\n";
    text += fmt::format(
        "two CPUs  at once do {} times the work of one (95 % interval {} to {}; CPUs "
        "{} and {})\n",
        format_short(found.two.ratio), format_short(found.two.low), format_short(found.two.high),
        found.burned[0], found.burned[1]);
    if (!could_tell(found.two)) {
        text += fmt::format(
            "          others used {:.0f} % of the machine meanwhile: this tells nothing about the "
            "CPUs\n",
            found.two.others.value_or(0) * 100);
    }
    if (const auto flag = found.flag()) {
        text += fmt::format("!{}  {}; {}\n", flag->check, flag->what, flag->advice);
    }
    return text;
}

void add_to_json(Json& json, const CpuFindings& found) {
    json["cpus"] = cpus_to_json(found.had);
    json["two_cpus"] = nullptr;
    if (!found.burned.empty()) {
        json["two_cpus"] = {{"ratio", found.two.ratio},
                            {"ci95", {found.two.low, found.two.high}},
                            {"others", found.two.others ? Json(*found.two.others) : Json(nullptr)},
                            {"cpus", found.burned}};
    }
    json["flags"] = Json::array();
    if (const auto flag = found.flag()) {
        json["flags"].push_back(
            {{"check", flag->check}, {"what", flag->what}, {"advice", flag->advice}});
    }
}

}  // namespace echotrio::loadgen
