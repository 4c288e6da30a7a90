// What the C++ models predicted of a Python, and what was measured of it: plain data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace echotrio::loadgen {

// Of a model's figure and an interpreter's. Never without an interval.
enum class Agreement : std::uint8_t { agrees, differs, inconclusive, not_testable };
inline const char* name_of(Agreement agreement) {
    constexpr const char* kNames[] = {"agrees", "differs", "inconclusive", "not_testable"};
    return kNames[static_cast<std::size_t>(agreement)];
}

// A figure with its 95 % interval over the rounds; none where they are too few.
struct Ranged {
    double value = 0;
    std::optional<double> low{}, high{};
    bool sure() const { return low && high; }
};

// The one thing that is measured to fit a model: how much more CPU time the same request takes in
// Python, one after the other on one connection, us.
struct BaseCost {
    std::string interpreter;  // "CPython 3.11.2"
    std::string model, twin;  // "threads", "py-threads 3.11"
    Ranged model_us, twin_us, cost_us;
    std::size_t rounds = 0;
};

// One figure of a model that has that cost, and the interpreter's, in the same rounds.
struct PredictedFigure {
    std::string interpreter, model, twin;
    std::string workload;  // its title
    std::string figure;    // "p99 of small requests"
    std::string unit;      // "us", "1/s", "bytes"
    Ranged predicted, measured;
    Ranged ratio;  // measured over predicted, within rounds
    std::size_t rounds = 0;
    Agreement agrees = Agreement::inconclusive;
    std::string why{};  // it is inconclusive whatever the ratio says; empty = by the ratio alone
};

struct Prediction {
    std::vector<BaseCost> base_costs;
    std::vector<PredictedFigure> figures;
    std::vector<std::string> not_testable;  // what could not be looked at, and why
    bool complete = true;                   // false: interrupted
};

}  // namespace echotrio::loadgen
