#include "common/supervise/suspicion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace echotrio::supervise {

std::optional<Scheduled> scheduled(pid_t pid) {
    Scheduled state;
    std::ifstream times(fmt::format("/proc/{}/schedstat", pid));
    Nanos::rep ran = 0;
    Nanos::rep waited = 0;
    if (!(times >> ran >> waited)) return std::nullopt;
    state.ran = Nanos(ran);
    state.waited = Nanos(waited);
    std::ifstream file(fmt::format("/proc/{}/stat", pid));
    std::string line;
    if (!std::getline(file, line)) return std::nullopt;
    const auto name_ends = line.rfind(')');  // the name itself may hold any character
    if (name_ends == std::string::npos || name_ends + 2 >= line.size()) return std::nullopt;
    const char letter = line[name_ends + 2];
    state.ready = letter == 'R' || letter == 'D';
    return state;
}

bool Suspicion::look(TimePoint at, const std::optional<Scheduled>& state) {
    if (last_) {
        Nanos own = at - *last_;
        if (state && state->ready) {
            own = state->ran - before_.ran;  // the wait that it may be in is not counted yet
        } else if (state) {
            own -= state->waited - before_.waited;
        }
        own_ += std::max(own, Nanos(0));
    }
    last_ = at;
    if (state) before_ = *state;
    return own_ >= kEnough;
}

}  // namespace echotrio::supervise
