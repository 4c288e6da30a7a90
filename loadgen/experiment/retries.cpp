#include "loadgen/experiment/retries.hpp"

#include "loadgen/analysis/verdict.hpp"

namespace echotrio::loadgen {
namespace {

// What spoils a trial so often in a row is not over in a moment; the next round will see.
constexpr std::uint64_t kMostAttempts = 3;
// The kernel tells stolen time in ticks of 10 ms a CPU: in a shorter trial one would be much.
constexpr double kShortTrialS = 1;

}  // namespace

bool is_worth_repeating(const RunResult& result) {
    const Verdict& verdict = result.verdict;
    const bool servers_doing = verdict.overloaded || result.errors.mismatch > 0 ||
                               (result.server && result.server->died) ||
                               result.connections.served < result.connections.opened;
    return !verdict.valid && !servers_doing;
}

bool lost_much_to_the_host(const RunResult& result) {
    return result.verdict.valid && result.duration_s >= kShortTrialS &&
           result.machine.steal_share.value_or(0) > limits::kMuchSteal;
}

Retries::Retries(const Plan& plan, const std::vector<Trial>& done)
    : invalid_(static_cast<std::int64_t>(plan.retries)),
      stolen_(static_cast<std::int64_t>(plan.retries_after_steal)) {
    for (const Trial& trial : done) {
        if (trial.superseded) {
            take(trial);
        } else {
            end(trial);
        }
    }
}

bool Retries::grants(const Trial& trial) const {
    if (trial.attempt >= kMostAttempts) return false;
    const auto before = counted_.find(place_of(trial));
    if (before != counted_.end() && !before->second) return false;
    return (is_worth_repeating(trial.result) && invalid_ > 0) ||
           (lost_much_to_the_host(trial.result) && stolen_ > 0);
}

void Retries::take(const Trial& trial) {
    --(trial.result.verdict.valid ? stolen_ : invalid_);
}

void Retries::end(const Trial& trial) {
    if (trial.result.verdict.valid) {
        counted_[place_of(trial)] = true;
    } else if (trial.attempt >= kMostAttempts) {
        counted_.try_emplace(place_of(trial), false);
    }
}

}  // namespace echotrio::loadgen
