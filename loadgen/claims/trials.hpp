// The load experiment of a claim: its plan, carried out by the experiment's runner, and the figures
// of its trials.
#pragma once

#include "common/base/result.hpp"
#include "loadgen/analysis/kernel_part.hpp"
#include "loadgen/claims/claims.hpp"
#include "loadgen/claims/figures.hpp"
#include "loadgen/design/plan.hpp"
#include "loadgen/results/experiment.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace echotrio::loadgen {

// --- Plans ---

// Every workload at each of its connection counts, a fresh server for every trial. As many INVALID
// trials are repeated as there are trials in a round.
Plan claim_plan(const ClaimContext& context, std::vector<Variant> variants,
                std::vector<Workload> workloads, std::uint64_t repetitions);

// GET requests on kept connections for half a second (quick) or a second.
RunOptions small_load(const ClaimContext& context);

// Small requests, a rest before each, beside one request that burns the server's only CPU.
Workload beside_a_burner(const ClaimContext& context);

// Connections that say nothing, on one CPU of the server; any number of workers.
Workload silent_connections(std::vector<std::uint64_t> counts);

// --- What came of them ---

// Which trials: of that variant and workload, at any number of connections where it is 0.
struct Cut {
    std::string variant, workload;
    std::uint64_t connections = 0;
};

class Trials {
  public:
    using Figure = std::function<std::optional<double>(const RunResult&)>;

    Trials() = default;
    explicit Trials(std::vector<Trial> all, const std::optional<BytesOfEnd>& bytes_of_end = {})
        : all_(std::move(all)), bytes_of_end_(bytes_of_end) {}
    const std::vector<Trial>& all() const { return all_; }

    // The figure of each trial that the verdict lets count and that has it.
    std::vector<double> figures(const Cut& cut, const Figure& of) const;
    // The same of two cuts, in the rounds in which both have one.
    FigurePairs pairs(const Cut& numerator, const Figure& of_numerator, const Cut& denominator,
                      const Figure& of_denominator) const;
    FigurePairs pairs(const Cut& numerator, const Cut& denominator, const Figure& of) const {
        return pairs(numerator, of, denominator, of);
    }
    // Of each trial that memory may be read from.
    std::vector<double> memory(const Cut& cut, const Figure& of) const;
    FigurePairs memory_pairs(const Cut& numerator, const Figure& of_numerator,
                             const Cut& denominator, const Figure& of_denominator) const;
    const Trial* first(const Cut& cut) const;  // that memory may be read from; null: none
    // Trials in which the server, which ran, answered nothing. INVALID, so that no figure is read
    // from them; that there was no answer is what they tell.
    std::size_t unanswered(const Cut& cut) const;
    // The share of the machine, 0 to 1, that others used in those that count, on average. Empty:
    // not known.
    std::optional<double> others() const;
    // What server and generator had, each setting once, in words.
    std::string cpus() const;
    // How many trials are INVALID, and why the last of them; empty: none is.
    std::string trouble() const;
    // What the generator's end of a silent connection costs the kernel; empty: not measured.
    const std::optional<BytesOfEnd>& bytes_of_end() const { return bytes_of_end_; }

  private:
    std::vector<Trial> all_;
    std::optional<BytesOfEnd> bytes_of_end_;
};

// The seed of the experiments that are kept below this folder; empty: there are none.
std::optional<std::uint64_t> kept_seed(const std::string& folder);

// Carries the plan out; what was tried before the context's stop is there. In `folder`, unless it
// is empty, the trials are kept: what an interrupted one has done is not done again, and at the end
// there is a results.json. Error: they can't be kept, or those there are of another plan
// or seed.
Result<Trials> run_trials(const ClaimContext& context, const Plan& plan,
                          const std::string& folder = "");

// --- Figures ---

// Threads of the server that ran or were ready to run, on average: what it could make use of.
// Unlike a rate it does not depend on what else the machine had to do. Threads that wake in vain
// count, too: those that wait for the global lock do, once a switch interval, and on a busy machine
// then wait for a CPU. Empty where the system does not tell how long threads waited for one.
std::optional<double> runnable(const RunResult& result);

// Requests/s, had these CPUs been free for the server: what a CPU-second of it got done, times the
// CPUs that it could use. On a quiet machine that is the throughput; where that can't be told, too.
std::optional<double> undisturbed_rps(const RunResult& result, double cpus);

std::optional<double> throughput(const RunResult& result);

// The lower quartile of latency, ms: what a request has to wait in any case shows in all of them,
// what neighbours on the machine add only in some.
std::optional<double> usual_ms(const RunResult& result);

// Bytes of what belongs to the server's processes alone: exact, and enough to compare them by.
std::optional<double> memory_of_processes(const RunResult& result);

// Bytes of a server that holds `connections`, with as much of the kernel as `part` says; `end` as
// Trials has it. Empty: not all of that was told.
std::optional<double> memory_with(KernelPart part, const RunResult& result,
                                  std::uint64_t connections, const std::optional<BytesOfEnd>& end);

}  // namespace echotrio::loadgen
