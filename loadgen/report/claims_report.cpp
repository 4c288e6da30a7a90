#include "loadgen/report/claims_report.hpp"

#include "loadgen/report/result_json.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace echotrio::loadgen {
namespace {

const char* words_of(ClaimVerdict verdict) {
    return verdict == ClaimVerdict::not_testable ? "not testable here" : name_of(verdict);
}

Mark mark_of(ClaimVerdict verdict) {
    switch (verdict) {
        case ClaimVerdict::supported:
            return Mark::best;
        case ClaimVerdict::refuted:
            return Mark::invalid;
        case ClaimVerdict::inconclusive:
            return Mark::flagged;
        case ClaimVerdict::not_testable:
            return Mark::muted;
    }
    return Mark::plain;
}

}  // namespace

nlohmann::ordered_json claims_to_json(const std::vector<Claim>& claims,
                                      const nlohmann::ordered_json& environment, std::uint64_t seed,
                                      bool complete) {
    nlohmann::ordered_json out{{"schema_version", kSchemaVersion},
                               {"kind", "claims"},
                               {"environment", environment},
                               {"seed", seed},
                               {"complete", complete}};
    auto& list = out["claims"] = nlohmann::ordered_json::array();
    for (const Claim& claim : claims) {
        list.push_back({{"id", claim.id},
                        {"sentence", claim.sentence},
                        {"verdict", name_of(claim.verdict)},
                        {"evidence", claim.evidence},
                        {"reason", claim.reason}});
    }
    return out;
}

Section claims_section(const std::vector<Claim>& claims) {
    Cards cards;
    for (const Claim& claim : claims) {
        cards.cards.push_back({claim.id,
                               words_of(claim.verdict),
                               claim.sentence + ".",
                               {claim.reason},
                               mark_of(claim.verdict)});
    }
    Section section{"claims", "What is said, and what was measured", {}};
    section.blocks.push_back(std::move(cards));
    return section;
}

Document claims_document(const std::vector<Claim>& claims) {
    const auto count = [&](ClaimVerdict verdict) {
        return std::count_if(claims.begin(), claims.end(),
                             [&](const Claim& claim) { return claim.verdict == verdict; });
    };
    Document document;
    document.title = "Claims about processes, threads, the global lock and coroutines";
    document.subtitle.push_back(
        fmt::format("{} supported, {} refuted, {} inconclusive, {} not testable here",
                    count(ClaimVerdict::supported), count(ClaimVerdict::refuted),
                    count(ClaimVerdict::inconclusive), count(ClaimVerdict::not_testable)));
    document.sections.push_back(claims_section(claims));
    return document;
}

}  // namespace echotrio::loadgen
