#include "loadgen/report/claims_report.hpp"

#include "loadgen/results/result_json.hpp"

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

Json figure_to_json(const ClaimFigure& figure) {
    Json interval = nullptr;
    if (figure.sure()) interval = {*figure.low, *figure.high};
    return {{"key", figure.key},     {"label", figure.label},       {"variant", figure.variant},
            {"value", figure.value}, {"ci95", std::move(interval)}, {"unit", figure.unit},
            {"runs", figure.runs}};
}

ClaimFigure figure_from_json(const Json& json) {
    ClaimFigure figure{json.at("key"), json.at("label"), json.at("variant"), json.at("value")};
    if (const Json& interval = json.at("ci95"); !interval.is_null()) {
        figure.low = interval.at(0).get<double>();
        figure.high = interval.at(1).get<double>();
    }
    json.at("unit").get_to(figure.unit);
    json.at("runs").get_to(figure.runs);
    return figure;
}

Json picture_to_json(const ClaimPicture& picture) {
    return {{"title", picture.title},
            {"figures", picture.figures},
            {"logarithmic", picture.logarithmic},
            {"reference", picture.reference ? Json(*picture.reference) : Json(nullptr)}};
}

ClaimPicture picture_from_json(const Json& json) {
    ClaimPicture picture{json.at("title"), json.at("figures"), json.at("logarithmic")};
    if (const Json& at = json.at("reference"); !at.is_null()) picture.reference = at.get<double>();
    return picture;
}

Json claim_to_json(const Claim& claim) {
    Json figures = Json::array();
    for (const ClaimFigure& figure : claim.figures) figures.push_back(figure_to_json(figure));
    return {{"id", claim.id},
            {"sentence", claim.sentence},
            {"verdict", name_of(claim.verdict)},
            {"evidence", claim.evidence},
            {"reason", claim.reason},
            {"figures", std::move(figures)},
            {"picture", claim.picture ? picture_to_json(*claim.picture) : Json(nullptr)}};
}

// Older files have neither figures nor pictures.
Claim claim_from_json(const Json& json) {
    Claim claim{json.at("id"), json.at("sentence"), verdict_named(json.at("verdict")),
                json.at("evidence"), json.at("reason")};
    for (const Json& figure : json.value("figures", Json::array())) {
        claim.figures.push_back(figure_from_json(figure));
    }
    if (const Json picture = json.value("picture", Json(nullptr)); !picture.is_null()) {
        claim.picture = picture_from_json(picture);
    }
    return claim;
}

}  // namespace

Json claims_to_json(const JudgedClaims& judged, const Json& environment, std::uint64_t seed) {
    Json out{{"schema_version", kSchemaVersion},
             {"kind", "claims"},
             {"environment", environment},
             {"seed", seed},
             {"complete", judged.complete}};
    auto& list = out["claims"] = Json::array();
    for (const Claim& claim : judged.claims) list.push_back(claim_to_json(claim));
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
            judged.claims.push_back(claim_from_json(one));
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
