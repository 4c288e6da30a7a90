// The commands of loadgen. Each adds itself to the program; when it was asked for, it leaves the
// exit status in `status`: 0 valid, 1 could not run, 2 bad usage, 3 ran but the verdict is INVALID,
// 4 (search, plan, tune) nothing meets the objective.
#pragma once

namespace CLI {
class App;
}

namespace echotrio::loadgen {

inline constexpr int kExitInvalid = 3;
inline constexpr int kExitNotMet = 4;

void add_calibrate(CLI::App& app, int& status);
void add_claims(CLI::App& app, int& status);
void add_compare(CLI::App& app, int& status);
void add_merge(CLI::App& app, int& status);
void add_observe(CLI::App& app, int& status);
void add_plan(CLI::App& app, int& status);
void add_report(CLI::App& app, int& status);
void add_run(CLI::App& app, int& status);
void add_search(CLI::App& app, int& status);
void add_tune(CLI::App& app, int& status);
void add_wait(CLI::App& app, int& status);

}  // namespace echotrio::loadgen
