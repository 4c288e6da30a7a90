#include "loadgen/claims/claims.hpp"

#include "common/base/clock.hpp"
#include "loadgen/claims/experiments.hpp"
#include "loadgen/claims/figures.hpp"
#include "loadgen/claims/trials.hpp"
#include "loadgen/probe/machine.hpp"
#include "loadgen/probe/proc_fs.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>

namespace echotrio::loadgen {
namespace {

// CPU time that this process and all that it waited for have used. What an experiment starts has
// ended with it.
double cpu_s_of_ours() {
    double sum = 0;
    for (const auto who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
        rusage used{};
        ::getrusage(who, &used);
        for (const timeval& t : {used.ru_utime, used.ru_stime}) {
            sum += static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
        }
    }
    return sum;
}

Claim unjudged(const Sentence& sentence) {
    Claim claim{sentence.id, sentence.text};
    claim.by_time = sentence.by_time;
    return claim;
}

std::vector<Claim> not_testable(const ClaimTest& test, std::size_t cpus) {
    std::vector<Claim> claims;
    for (const Sentence& sentence : test.sentences) {
        claims.push_back(unjudged(sentence));
        claims.back().verdict = ClaimVerdict::not_testable;
        claims.back().reason = fmt::format("this machine lets us use {} CPU{}; {} are needed", cpus,
                                           cpus == 1 ? "" : "s", test.cpus);
    }
    return claims;
}

Claim judged(const Sentence& sentence, Measurement found, const std::string& trouble) {
    Claim claim = unjudged(sentence);
    claim.verdict = verdict_of(sentence.rule, found.figures);
    claim.reason = std::move(found.reason);
    if (claim.verdict == ClaimVerdict::inconclusive && !trouble.empty()) {
        claim.reason = claim.reason.empty() ? fmt::format("too few runs to judge by: {}", trouble)
                                            : fmt::format("{}; {}", claim.reason, trouble);
    }
    claim.evidence = std::move(found.notes);
    add_evidence(claim.evidence, found.figures);
    claim.figures = std::move(found.figures);
    claim.picture = sentence.picture;
    return claim;
}

}  // namespace

const std::vector<ClaimTest>& claim_tests() {
    static const std::vector<ClaimTest> kTests = all_experiments();
    return kTests;
}

std::vector<std::string> claim_ids() {
    std::vector<std::string> ids;
    for (const ClaimTest& test : claim_tests()) {
        for (const Sentence& sentence : test.sentences) ids.push_back(sentence.id);
    }
    return ids;
}

void weigh_machine(Claim& claim, std::optional<double> others) {
    if (others.value_or(0) <= kBusyMachine || claim.verdict == ClaimVerdict::not_testable) return;
    if (claim.verdict == ClaimVerdict::supported && !claim.by_time) return;
    claim.verdict = ClaimVerdict::inconclusive;
    claim.reason = fmt::format("the machine was busy, {:.0f} % of it was used by others: {}",
                               *others * 100, claim.reason);
}

Result<std::vector<Claim>> judge_claims(const ClaimTest& test, const ClaimContext& context) {
    if (context.cpus.size() < test.cpus) return not_testable(test, context.cpus.size());
    const double own_before = cpu_s_of_ours();
    const MachineState before = read_machine();
    const TimePoint begin = now();
    Trials trials;
    if (test.plan) {
        const std::string folder =
            context.folder.empty() ? "" : context.folder + "/" + test.sentences.front().id;
        auto done = run_trials(context, test.plan(context), folder);
        if (!done) return done.error();
        trials = std::move(*done);
    }
    std::vector<Measurement> found = test.measure(context, trials);
    const MachineState after = read_machine();
    const MachineUse use =
        machine_use(before, after, cpu_s_of_ours() - own_before, ticks_per_second());
    // Trials that were kept saw the machine at another time.
    std::optional<double> others = trials.others();
    // A look of less than a second is told in too few ticks.
    if (use.other_cpu_share && now() - begin >= std::chrono::seconds(1)) {
        others = std::max(others.value_or(0), *use.other_cpu_share + use.steal_share.value_or(0));
    }
    std::vector<Claim> claims;
    for (std::size_t i = 0; i < test.sentences.size(); ++i) {
        claims.push_back(judged(test.sentences[i], std::move(found.at(i)), trials.trouble()));
        weigh_machine(claims.back(), others);
    }
    return claims;
}

}  // namespace echotrio::loadgen
