// Which CPUs a run had: how many each side could use, and what two of them do at once. Plain data,
// and the words for it.
#pragma once

#include "loadgen/results/fields.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace echotrio::loadgen {

// How many CPUs the server and the generator could run on. What is not known is empty.
struct CpusHad {
    std::optional<std::uint64_t> server, generator;
    std::optional<bool> apart;  // no CPU is in both
    // CPUs' worth of time that a control group allows; empty: no limit, or not known.
    std::optional<double> server_quota, generator_quota;

    bool operator==(const CpusHad&) const = default;
};
void fields(auto& visit, Tag<CpusHad>, auto&... s) {
    visit("server", Kind::state, s.server...);
    visit("generator", Kind::state, s.generator...);
    visit("apart", Kind::state, s.apart...);
    visit("server_quota", Kind::state, s.server_quota...);
    visit("generator_quota", Kind::state, s.generator_quota...);
}

// "server 2 CPUs (quota 1.5), generator 1 CPU, apart"; what is not known is said so.
std::string cpus_words(const CpusHad& cpus);

// For a column: "2 (quota 1.5) + 1 shared", "? + 1".
std::string cpus_short(const CpusHad& cpus);

// "2 CPUs", of a level that says how many its server gets; empty: its share.
std::string given_cpus(std::uint64_t server_cpus);

// What cpus_short shows, for a line beside such a column.
inline constexpr const char* kCpusColumn = "CPUs: of the server + of the generator";

// How many times the work of one CPU two of them did at once, with its 95 % interval; a ratio of 0:
// not measured. Beside it the share of the machine, 0 to 1, that others used meanwhile: much of it,
// and the ratio tells nothing about the CPUs.
struct TwoCpus {
    double ratio = 0, low = 0, high = 0;
    std::optional<double> others{};
};

}  // namespace echotrio::loadgen
