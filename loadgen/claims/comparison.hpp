// How the figures of a Python agree with the models', sentence by sentence.
#pragma once

#include "loadgen/claims/claims.hpp"
#include "loadgen/claims/subjects.hpp"
#include "loadgen/claims/trials.hpp"
#include "loadgen/results/claim.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace echotrio::loadgen {

// What was found of one sentence on one side, and what it was taken from.
struct Side {
    const std::vector<ClaimFigure>& figures;
    const Trials& trials;
    const ClaimContext& context;
};

// Of each figure that the sentence's rule asks for: the Python's over the models', within rounds
// where the figure can be taken in each of them, else from their two intervals.
std::vector<FigureRatio> figure_ratios(const ClaimTest& test, std::size_t sentence,
                                       const Side& models, const Side& python);

// The worst of them: one that differs, then one that is undecided. Of none: inconclusive.
Agreement agreement_of(const std::vector<FigureRatio>& ratios);

// Why the sentence can't be judged there: what it needs has no twin in that Python. Empty: it can.
std::string lacking(const Sentence& sentence, const Python& python,
                    const std::vector<MissingTwin>& missing);

// What was judged for the Python, as the claim's subject.
ClaimSubject as_subject(const Python& python, const Claim& found, std::vector<FigureRatio> ratios);

// A sentence that can't be judged there.
ClaimSubject not_in(const Python& python, const std::string& why);

}  // namespace echotrio::loadgen
