#include "loadgen/results/cpus.hpp"

#include "loadgen/results/experiment.hpp"
#include "loadgen/results/format.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace echotrio::loadgen {
namespace {

std::string quota_words(const std::optional<double>& quota) {
    return quota ? fmt::format(" (quota {})", format_short(*quota)) : std::string();
}

std::string side(const char* who, const std::optional<std::uint64_t>& cpus,
                 const std::optional<double>& quota) {
    const std::string count = cpus ? format_plural(*cpus, "CPU") : "CPUs not known";
    return fmt::format("{} {}{}", who, count, quota_words(quota));
}

std::string short_side(const std::optional<std::uint64_t>& cpus,
                       const std::optional<double>& quota) {
    return (cpus ? fmt::format("{}", *cpus) : "?") + quota_words(quota);
}

}  // namespace

CpusHad Trial::cpus() const {
    if (result.cpus != CpusHad{}) return result.cpus;
    CpusHad cpus;
    if (!server_cpus.empty()) cpus.server = server_cpus.size();
    if (!generator_cpus.empty()) cpus.generator = generator_cpus.size();
    if (cpus.server && cpus.generator) {
        cpus.apart =
            std::find_first_of(server_cpus.begin(), server_cpus.end(), generator_cpus.begin(),
                               generator_cpus.end()) == server_cpus.end();
    }
    return cpus;
}

std::string cpus_words(const CpusHad& cpus) {
    const char* where = !cpus.apart ? "" : *cpus.apart ? ", apart" : ", not apart";
    return fmt::format("{}, {}{}", side("server", cpus.server, cpus.server_quota),
                       side("generator", cpus.generator, cpus.generator_quota), where);
}

std::string cpus_short(const CpusHad& cpus) {
    const bool shared = cpus.apart && !*cpus.apart;
    return fmt::format("{} + {}{}", short_side(cpus.server, cpus.server_quota),
                       short_side(cpus.generator, cpus.generator_quota), shared ? " shared" : "");
}

std::string given_cpus(std::uint64_t server_cpus) {
    return server_cpus == 0 ? std::string() : format_plural(server_cpus, "CPU");
}

}  // namespace echotrio::loadgen
