// The verdict's table, continued: several generators that made one load of 10 s.
#include "tests/unit/analysis/verdict_cases.hpp"

namespace echotrio::loadgen::verdict_cases {
namespace {

// The second one's clock is so far off.
void meet(RunResult& r, VerdictContext& c, double ahead_s, double error_s) {
    r.generators = {{1, "10.0.0.1", 200'000, 0.0, 0.0, {}},
                    {2, "10.0.0.2", 200'000, ahead_s, error_s, {}}};
    c.overlap = 1;
}

const std::vector<Row> kRows = {
    {"two generators as one", closed, [](auto& r, auto& c) { meet(r, c, 0.0001, 0.0001); }, clean},
    {"one that was lost", closed,
     [](auto& r, auto& c) {
         meet(r, c, 0, 0);
         r.generators->back().lost = "no sign of it for 5s";
     },
     invalid, "generators", "lost generator 2 of 2 (10.0.0.2): no sign of it for 5s"},
    {"windows that hardly cover each other", closed, [](auto&, auto& c) { c.overlap = 0.9499; },
     invalid, "windows", "only 95 % of the time"},
    {"windows that cover each other", closed, [](auto&, auto& c) { c.overlap = 0.95; }, clean},
    {"clocks that are apart, not too far", closed,
     [](auto& r, auto& c) { meet(r, c, -0.49, 0.009); }, clean},
    {"a clock that is behind", closed, [](auto& r, auto& c) { meet(r, c, -0.51, 0.001); }, invalid,
     "windows", "generator 2 of 2 (10.0.0.2) is 510 ms behind the leader's (within 1.00 ms)"},
    {"a clock that is ahead", closed, [](auto& r, auto& c) { meet(r, c, 2, 0.001); }, invalid,
     "windows", "2.00 s ahead of the leader's"},
    {"a clock that is not known well enough", closed,
     [](auto& r, auto& c) { meet(r, c, 0.3, 0.3); }, invalid, "windows", "(within 300 ms)"},
    {"a clock that was not compared", closed,
     [](auto& r, auto& c) {
         meet(r, c, 0, 0);
         r.generators->back().clock_ahead_s.reset();
     },
     invalid, "windows", "the clock of generator 2 of 2 (10.0.0.2) was not compared"},
};

}  // namespace

const std::vector<Row>& rows() {
    static const std::vector<Row> kAll = [] {
        std::vector<Row> all = rows_of_one_generator();
        all.insert(all.end(), kRows.begin(), kRows.end());
        return all;
    }();
    return kAll;
}

}  // namespace echotrio::loadgen::verdict_cases
