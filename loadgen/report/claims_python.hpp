// What was found of the claims in Python, beside the models.
#pragma once

#include "loadgen/document/document.hpp"
#include "loadgen/results/claim.hpp"

#include <string>
#include <vector>

namespace echotrio::loadgen {

const char* words_of(ClaimVerdict verdict);  // "not testable here"
Mark mark_of(ClaimVerdict verdict);
std::string topic_of(const Claim& claim);  // "one thread at a time"

// Its verdict there, how the figures agree, and why: a line of the claim's card.
std::string in_python(const ClaimSubject& subject);

// The verdicts side by side, then the figures; none where no Python was asked for.
std::vector<Table> python_tables(const std::vector<Claim>& claims);

}  // namespace echotrio::loadgen
