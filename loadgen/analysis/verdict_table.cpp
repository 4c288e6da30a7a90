// The checks in words, for --help, documentation and reports; the figures are those of `limits`.
#include "loadgen/analysis/verdict.hpp"

#include <array>

namespace echotrio::loadgen {
namespace {

constexpr std::array kTable = {
    CheckRow{"integrity",
             "a reply byte is wrong; the books don't balance; client and server totals differ; "
             "Little's law is off by more than 2 %",
             ""},
    CheckRow{"failures", "failed + timed out > 0.1 % of sent, or nothing completed",
             "a request or a connect failed"},
    CheckRow{"lateness", "p99 of the send delay > 1 ms and > 5 % of the p99 latency", ""},
    CheckRow{"generator",
             "a thread busier than 90 %, or waiting for a CPU for more than 2 % of the window, and "
             "the server was not the limit",
             "the null-server ceiling < 1.5 x the rate; client and server share CPUs"},
    CheckRow{"rate", "achieved differs from offered by more than 1 % and the generator is at fault",
             "the same with a healthy generator: the server is OVERLOADED when what is in flight "
             "grows (end / mean >= 1.5, or a rising trend)"},
    CheckRow{"steady", "",
             "first and last third differ by more than 5 % with a trend (Theil-Sen 95 % interval "
             "excludes 0; from 30 interval means also a unit root); not ranked"},
    CheckRow{"arrivals", "Anderson-Darling A2 (1 + 0.6 / n) > 5: not Poisson",
             "A2 (1 + 0.6 / n) > 1.341 (5 %)"},
    CheckRow{"samples", "", "fewer than 368 samples: no p99"},
    CheckRow{"fairness", "",
             "Jain's index < 0.95; connections that never got a reply (not ranked)"},
    CheckRow{"network", "listen overflows or drops; local ports or descriptors ran out",
             "retransmissions"},
    CheckRow{"machine", "",
             "steal > 0.5 %; other processes > 2 % CPU; swapping; debug or sanitizer build; clock "
             "stepped > 1 ms; CPU frequency moved > 5 %"},
    CheckRow{"server", "the server died or restarted; a histogram was clamped",
             "the run was interrupted; the server's container was held back by its CPU limit"},
};

}  // namespace

std::span<const CheckRow> verdict_table() {
    return kTable;
}

}  // namespace echotrio::loadgen
