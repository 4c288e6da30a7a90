#include "loadgen/claims/claims.hpp"

#include "loadgen/claims/comparison.hpp"
#include "loadgen/claims/experiments.hpp"
#include "loadgen/claims/figures.hpp"
#include "loadgen/claims/others.hpp"
#include "loadgen/claims/subjects.hpp"
#include "loadgen/claims/trials.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace echotrio::loadgen {
namespace {

Claim unjudged(const Sentence& sentence) {
    Claim claim{sentence.id, sentence.text};
    claim.by_time = sentence.by_time;
    claim.source = sentence.source;
    return claim;
}

std::vector<Claim> not_testable(const ClaimTest& test, std::size_t cpus,
                                const std::vector<Python>& pythons) {
    std::vector<Claim> claims;
    for (const Sentence& sentence : test.sentences) {
        claims.push_back(unjudged(sentence));
        claims.back().verdict = ClaimVerdict::not_testable;
        claims.back().reason = fmt::format("this machine lets us use {} CPU{}; {} are needed", cpus,
                                           cpus == 1 ? "" : "s", test.cpus);
        for (const Python& python : pythons) {
            claims.back().subjects.push_back(not_in(python, claims.back().reason));
        }
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

namespace {

Result<Trials> carry_out(const ClaimTest& test, const ClaimContext& context, const Plan& plan) {
    if (!test.plan) return Trials{};
    const std::string folder =
        context.folder.empty() ? "" : context.folder + "/" + test.sentences.front().id;
    return run_trials(context, plan, folder);
}

std::vector<Claim> judged(const ClaimTest& test, const ClaimContext& context, const Trials& trials,
                          const Others& machine) {
    std::vector<Measurement> found = test.measure(context, trials);
    const auto others = machine.share(trials);
    std::vector<Claim> claims;
    for (std::size_t i = 0; i < test.sentences.size(); ++i) {
        claims.push_back(judged(test.sentences[i], std::move(found.at(i)), trials.trouble()));
        claims.back().cpus = trials.cpus();
        weigh_machine(claims.back(), others);
    }
    return claims;
}

}  // namespace

Result<std::vector<Claim>> judge_claims(const ClaimTest& test, const ClaimContext& context,
                                        const std::vector<Python>& pythons) {
    if (context.cpus.size() < test.cpus) return not_testable(test, context.cpus.size(), pythons);
    const Others machine;
    const Plan models = test.plan ? test.plan(context) : Plan{};
    std::vector<MissingTwin> missing;
    const bool beside = !pythons.empty() && test.not_in_python.empty();
    const auto all = carry_out(test, context,
                               test.plan && beside ? with_twins(models, pythons, missing) : models);
    if (!all) return all.error();
    const Trials trials = test.plan ? trials_of(*all, models, nullptr) : Trials{};
    std::vector<Claim> claims = judged(test, context, trials, machine);
    for (const Python& python : pythons) {
        if (!test.not_in_python.empty()) {
            for (Claim& claim : claims) {
                claim.subjects.push_back(not_in(python, test.not_in_python));
            }
            continue;
        }
        ClaimContext there = context;
        there.python = python;
        const Trials twins = test.plan ? trials_of(*all, models, &python) : Trials{};
        const auto found = judged(test, there, twins, machine);
        const bool busy = machine.share(twins).value_or(0) > kBusyMachine;
        for (std::size_t i = 0; i < claims.size(); ++i) {
            const Side of_models{claims[i].figures, trials, context};
            const std::string why = lacking(test.sentences[i], python, missing);
            if (!why.empty()) {
                claims[i].subjects.push_back(not_in(python, why));
                continue;
            }
            ClaimSubject subject =
                as_subject(python, found[i],
                           figure_ratios(test, i, of_models, {found[i].figures, twins, there}));
            if (busy && claims[i].by_time) subject.agrees = Agreement::inconclusive;
            claims[i].subjects.push_back(std::move(subject));
        }
    }
    return claims;
}

}  // namespace echotrio::loadgen
