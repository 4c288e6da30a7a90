#include "loadgen/report/claims_report.hpp"

#include "loadgen/report/claims_python.hpp"
#include "loadgen/report/prediction_report.hpp"
#include "loadgen/results/format.hpp"
#include "loadgen/results/result_json.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>

namespace echotrio::loadgen {
namespace {

using Json = nlohmann::ordered_json;

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

Json subject_to_json(const ClaimSubject& subject) {
    Json figures = Json::array(), ratios = Json::array();
    for (const ClaimFigure& figure : subject.figures) figures.push_back(figure_to_json(figure));
    for (const FigureRatio& ratio : subject.ratios) {
        Json one{{"key", ratio.key}};
        one.update(ranged_to_json(ratio.ratio));
        one["agrees"] = name_of(ratio.agrees);
        ratios.push_back(std::move(one));
    }
    return {{"name", subject.name},         {"verdict", name_of(subject.verdict)},
            {"evidence", subject.evidence}, {"agrees", name_of(subject.agrees)},
            {"reason", subject.reason},     {"figures", std::move(figures)},
            {"ratios", std::move(ratios)}};
}

ClaimSubject subject_from_json(const Json& json) {
    ClaimSubject subject{json.at("name"), verdict_named(json.at("verdict")), json.at("evidence"),
                         json.at("reason")};
    for (const Json& figure : json.at("figures")) {
        subject.figures.push_back(figure_from_json(figure));
    }
    for (const Json& one : json.at("ratios")) {
        subject.ratios.push_back(
            {one.at("key"), ranged_from_json(one), agreement_named(one.at("agrees"))});
    }
    subject.agrees = agreement_named(json.at("agrees"));
    return subject;
}

Json claim_to_json(const Claim& claim) {
    Json figures = Json::array();
    for (const ClaimFigure& figure : claim.figures) figures.push_back(figure_to_json(figure));
    Json json{{"id", claim.id},
              {"sentence", claim.sentence},
              {"verdict", name_of(claim.verdict)},
              {"evidence", claim.evidence},
              {"reason", claim.reason},
              {"cpus", claim.cpus.empty() ? Json(nullptr) : Json(claim.cpus)},
              {"figures", std::move(figures)},
              {"picture", claim.picture ? picture_to_json(*claim.picture) : Json(nullptr)},
              {"source",
               {{"how", claim.source.how},
                {"file", claim.source.file},
                {"function", claim.source.function}}}};
    for (const ClaimSubject& subject : claim.subjects) {
        json["subjects"].push_back(subject_to_json(subject));
    }
    return json;
}

// Older files have neither figures nor pictures, nor where a claim is measured; most no subjects.
Claim claim_from_json(const Json& json) {
    Claim claim{json.at("id"), json.at("sentence"), verdict_named(json.at("verdict")),
                json.at("evidence"), json.at("reason")};
    for (const Json& figure : json.value("figures", Json::array())) {
        claim.figures.push_back(figure_from_json(figure));
    }
    if (const Json picture = json.value("picture", Json(nullptr)); !picture.is_null()) {
        claim.picture = picture_from_json(picture);
    }
    if (const Json cpus = json.value("cpus", Json(nullptr)); cpus.is_string()) {
        claim.cpus = cpus.get<std::string>();
    }
    if (const auto source = json.find("source"); source != json.end()) {
        claim.source = {source->at("how"), source->at("file"), source->at("function")};
    }
    for (const Json& subject : json.value("subjects", Json::array())) {
        claim.subjects.push_back(subject_from_json(subject));
    }
    return claim;
}

// What it rests on, drawn or not.
std::optional<Table> figures_of(const Claim& claim) {
    if (claim.figures.empty()) return std::nullopt;
    Table table;
    table.columns = {{"figure"}, {"value", true}, {"95 % interval", true}, {"runs", true}};
    for (const ClaimFigure& figure : claim.figures) {
        std::string label = figure.label.empty() ? figure.key : figure.label;
        const std::size_t slash = figure.key.rfind('/');
        // "threads" in a picture of memory says too little in a table of several figures
        const bool model = label == figure.variant && slash != std::string::npos;
        if (model) label += ": " + figure.key.substr(slash + 1);
        std::replace(label.begin(), label.end(), '_', ' ');
        const bool interval = figure.sure() && *figure.low < *figure.high;
        table.rows.push_back(
            {{std::move(label)},
             {format_in(figure.value, figure.unit)},
             {interval        ? fmt::format("{} to {}", format_in(*figure.low, figure.unit),
                                            format_in(*figure.high, figure.unit))
              : figure.sure() ? "counted"
                              : "none",
              interval ? Mark::plain : Mark::muted},
             {fmt::format("{}", fmt::join(figure.runs, " and "))}});
    }
    const bool told = std::any_of(claim.figures.begin(), claim.figures.end(),
                                  [](const ClaimFigure& figure) { return !figure.runs.empty(); });
    if (!told) {
        table.columns.pop_back();
        for (auto& row : table.rows) row.pop_back();
    }
    return table;
}

Card card_of(const Claim& claim) {
    Card card;
    card.topic = claim.id;
    std::replace(card.topic.begin(), card.topic.end(), '-', ' ');
    card.value = words_of(claim.verdict);
    card.sentence = claim.sentence + ".";
    if (!claim.reason.empty()) card.more.push_back(claim.reason);
    if (!claim.cpus.empty()) card.more.push_back("CPUs: " + claim.cpus);
    for (const ClaimSubject& subject : claim.subjects) card.more.push_back(in_python(subject));
    card.mark = mark_of(claim.verdict);
    card.chart = claim_chart(claim);
    card.figures = figures_of(claim);
    card.id = "claim-" + claim.id;
    if (!claim.source.file.empty()) {
        card.facts = {
            {"how", claim.source.how},
            {"measured by", fmt::format("{} in {}", claim.source.function, claim.source.file)}};
    }
    return card;
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
    if (judged.prediction) out["prediction"] = prediction_to_json(*judged.prediction);
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
        if (json.contains("prediction")) {
            judged.prediction = prediction_from_json(json.at("prediction"));
        }
        return judged;
    } catch (const std::exception& wrong) {
        return Error{wrong.what()};
    }
}

namespace {

Section claims_section(const JudgedClaims& judged) {
    Cards cards;
    for (const Claim& claim : judged.claims) {
        cards.cards.push_back(card_of(claim));
    }
    Section section{"claims", "Claims: what is said, and what was measured", {}};
    section.blocks.push_back(Paragraph{count_text(judged.claims), Mark::muted});
    section.blocks.push_back(std::move(cards));
    for (Table& table : python_tables(judged.claims)) section.blocks.push_back(std::move(table));
    if (!judged.complete) {
        section.blocks.push_back(
            Paragraph{"! Interrupted: not every claim was judged.", Mark::flagged});
    }
    return section;
}

}  // namespace

std::vector<Section> claims_sections(const JudgedClaims& judged) {
    std::vector<Section> sections;
    if (!judged.claims.empty() || !judged.prediction) sections.push_back(claims_section(judged));
    if (judged.prediction) sections.push_back(prediction_section(*judged.prediction));
    return sections;
}

Document claims_document(const JudgedClaims& judged) {
    Document document;
    document.title = "Claims about processes, threads, the global lock and coroutines";
    document.sections = claims_sections(judged);
    return document;
}

}  // namespace echotrio::loadgen
