// A sentence that was put to the test, and what came of it: plain data.
#pragma once

#include "loadgen/results/prediction.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace echotrio::loadgen {

enum class ClaimVerdict : std::uint8_t { supported, refuted, inconclusive, not_testable };
inline const char* name_of(ClaimVerdict verdict) {
    constexpr const char* kNames[] = {"supported", "refuted", "inconclusive", "not_testable"};
    return kNames[static_cast<std::size_t>(verdict)];
}

// One figure that a claim rests on.
struct ClaimFigure {
    // Its place in "evidence": "p25_ms_without", or "prefork/bytes_per_connection", in a group that
    // holds its interval too.
    std::string key;
    std::string label;    // in a picture: "with the lock"
    std::string variant;  // whose colour it has: "threads"; empty = nobody's
    double value = 0;
    std::optional<double> low{},
        high{};                       // its 95 % interval, or the value itself where it is exact
    std::string unit{};               // "us", "ms", "ns", "bytes"; empty = a plain number
    std::vector<std::size_t> runs{};  // how many are behind it, behind each side of a ratio

    bool sure() const { return low && high; }
};

// Which of its figures a report draws side by side; they have one unit.
struct ClaimPicture {
    std::string title;  // what is drawn
    std::vector<std::string> figures{};
    bool logarithmic = false;
    std::optional<double> reference{};  // a line to hold them against
};

// Where a sentence is put to the test, for those who want to read it.
struct ClaimSource {
    std::string how;       // what is done, in a sentence
    std::string file;      // in the source tree: "loadgen/claims/sharing.cpp"
    std::string function;  // in that file; a test holds it true
};

// A figure of a Python over that of the models.
struct FigureRatio {
    std::string key;
    Ranged ratio;
    Agreement agrees = Agreement::inconclusive;
};

// The same sentence judged for a Python.
struct ClaimSubject {
    std::string name;  // "CPython 3.11.2"
    ClaimVerdict verdict = ClaimVerdict::inconclusive;
    nlohmann::ordered_json evidence = nlohmann::ordered_json::object();
    std::string reason{};
    std::vector<ClaimFigure> figures{};
    std::vector<FigureRatio> ratios{};  // of the figures that the verdict rests on
    Agreement agrees = Agreement::not_testable;
};

struct Claim {
    std::string id;
    std::string sentence;
    ClaimVerdict verdict = ClaimVerdict::inconclusive;
    nlohmann::ordered_json evidence = nlohmann::ordered_json::object();  // the figures, and notes
    std::string reason{};  // the measurement in words, with the effect and its interval
    std::vector<ClaimFigure> figures{};
    std::optional<ClaimPicture> picture{};
    // What it rests on: times, which a busy machine moves either way, or states and memory that are
    // waited for, which it can only keep from coming about.
    bool by_time = true;
    // What server and generator had in the trials behind it, in words; empty: there are none.
    std::string cpus{};
    ClaimSource source{};                  // empty in older files
    std::vector<ClaimSubject> subjects{};  // the Pythons that were asked for
};

// The figure of that key; null where it was not measured.
inline const ClaimFigure* find_figure(const std::vector<ClaimFigure>& figures,
                                      const std::string& key) {
    for (const ClaimFigure& figure : figures) {
        if (figure.key == key) return &figure;
    }
    return nullptr;
}

}  // namespace echotrio::loadgen
