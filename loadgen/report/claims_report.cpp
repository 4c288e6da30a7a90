#include "loadgen/report/claims_report.hpp"

#include "loadgen/report/result_json.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>

namespace echotrio::loadgen {
namespace {

using Json = nlohmann::ordered_json;

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

ClaimVerdict verdict_named(const std::string& name) {
    for (const auto verdict : {ClaimVerdict::supported, ClaimVerdict::refuted,
                               ClaimVerdict::inconclusive, ClaimVerdict::not_testable}) {
        if (name == name_of(verdict)) return verdict;
    }
    throw std::runtime_error(fmt::format("there is no verdict '{}'", name));
}

std::string count_text(const std::vector<Claim>& claims) {
    std::vector<std::string> parts;
    for (const auto verdict : {ClaimVerdict::supported, ClaimVerdict::refuted,
                               ClaimVerdict::inconclusive, ClaimVerdict::not_testable}) {
        const auto count = std::count_if(claims.begin(), claims.end(),
                                         [&](const Claim& c) { return c.verdict == verdict; });
        if (count > 0) parts.push_back(fmt::format("{} {}", count, words_of(verdict)));
    }
    return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace

Json claims_to_json(const JudgedClaims& judged, const Json& environment, std::uint64_t seed) {
    Json out{{"schema_version", kSchemaVersion},
             {"kind", "claims"},
             {"environment", environment},
             {"seed", seed},
             {"complete", judged.complete}};
    auto& list = out["claims"] = Json::array();
    for (const Claim& claim : judged.claims) {
        list.push_back({{"id", claim.id},
                        {"sentence", claim.sentence},
                        {"verdict", name_of(claim.verdict)},
                        {"evidence", claim.evidence},
                        {"reason", claim.reason}});
    }
    return out;
}

Result<JudgedClaims> claims_from_json(const Json& json) {
    if (const Status ours = check_schema(json); !ours) return ours.error();
    try {
        if (json.value("kind", "") != "claims")
            return Error{"not what loadgen claims --json wrote"};
        JudgedClaims judged;
        judged.complete = json.at("complete").get<bool>();
        for (const Json& one : json.at("claims")) {
            Claim claim{one.at("id"), one.at("sentence"), verdict_named(one.at("verdict")),
                        one.at("evidence"), one.at("reason")};
            judged.claims.push_back(std::move(claim));
        }
        return judged;
    } catch (const std::exception& wrong) {
        return Error{wrong.what()};
    }
}

Section claims_section(const JudgedClaims& judged) {
    Cards cards;
    for (const Claim& claim : judged.claims) {
        std::string topic = claim.id;
        std::replace(topic.begin(), topic.end(), '-', ' ');
        cards.cards.push_back({std::move(topic),
                               words_of(claim.verdict),
                               claim.sentence + ".",
                               {claim.reason},
                               mark_of(claim.verdict),
                               claim_chart(claim)});
    }
    Section section{"claims", "Claims: what is said, and what was measured", {}};
    section.blocks.push_back(Paragraph{count_text(judged.claims), Mark::muted});
    section.blocks.push_back(std::move(cards));
    if (!judged.complete) {
        section.blocks.push_back(
            Paragraph{"! Interrupted: not every claim was judged.", Mark::flagged});
    }
    return section;
}

Document claims_document(const JudgedClaims& judged) {
    Document document;
    document.title = "Claims about processes, threads, the global lock and coroutines";
    document.sections.push_back(claims_section(judged));
    return document;
}

}  // namespace echotrio::loadgen
